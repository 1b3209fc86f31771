"""HAR walked forward: a live step is a row of the columns, and what cannot be fitted is refused."""

import numpy as np
import pytest
from har_series import SHORT, log_series, state_of
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.errors import InputError
from newsvol.signals.volatility.har import LAGS, REBASE_EVERY, HarConfig, HarState


def test_a_missing_bucket_costs_no_forecast_and_is_not_fitted_on():
    x = log_series(200, seed=5)
    x[150] = np.nan
    forecast, smearing = HarState(HarConfig(60, 40, True, SHORT), len(x)).run(x)
    assert np.isfinite(forecast[60:]).all()
    assert np.isfinite(smearing[60:]).all()


@pytest.mark.parametrize("is_log", [True, False])
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_a_live_step_is_bit_identical_to_the_columns(is_log, missing):
    x = log_series(REBASE_EVERY + 250, 6, missing)
    extra = np.random.default_rng(7).normal(0, 1, (len(x), 1))
    config = HarConfig(150, 40, is_log, SHORT)
    forecast, smearing = state_of(config, x, extra).run(x, extra)
    live = state_of(config, x, extra)
    steps = [live.step(x[b - 1] if b else np.nan, extra[b]) for b in range(len(x))]
    assert np.array_equal(np.array(steps), np.column_stack([forecast, smearing]), equal_nan=True)
    assert np.isfinite(forecast).any()


@given(st.integers(0, 2**20), st.integers(0, 219))
def test_a_row_knows_only_the_rows_before_it(seed, row):
    x = log_series(220, seed)
    other = x.copy()
    other[row:] = np.random.default_rng(seed + 1).normal(-10, 5, 220 - row)
    config = HarConfig(60, 30, True, SHORT)
    for column, again in zip(HarState(config, 220).run(x), HarState(config, 220).run(other), strict=True):
        assert np.array_equal(column[: row + 1], again[: row + 1], equal_nan=True)


@given(st.integers(0, 2**20))
def test_forecasts_stay_within_what_the_window_has_seen_and_smearing_is_positive(seed):
    x = np.random.default_rng(seed).standard_t(2, 150)
    forecast, smearing = HarState(HarConfig(50, 30, True, SHORT), 150).run(x)
    for b in np.flatnonzero(np.isfinite(forecast)):
        window = x[max(11, b - 50) : b]
        assert window.min() <= forecast[b] <= window.max()
        assert smearing[b] > 0


def test_a_forecast_beyond_the_window_falls_back_to_its_mean():
    x = log_series(120, seed=8)
    extra = np.random.default_rng(9).normal(0, 1, (120, 1))
    extra[119] = 1e6
    config = HarConfig(60, 30, False, SHORT)
    forecast, _ = state_of(config, x, extra).run(x, extra)
    assert forecast[119] == pytest.approx(x[59:119].mean(), rel=1e-12)
    assert forecast[118] != pytest.approx(x[58:118].mean(), rel=1e-6)


def test_smearing_turns_the_mean_of_a_log_into_the_log_of_a_mean():
    # noise of variance s2 about a forecastable log has mean exp(s2 / 2)
    x = np.random.default_rng(10).normal(-9, 0.5, 3000)
    _, smearing = HarState(HarConfig(2500, 500, True), 3000).run(x)
    assert smearing[-1] == pytest.approx(np.exp(0.5**2 / 2), rel=0.05)


def test_fewer_rows_than_the_first_window_forecast_nothing():
    x = log_series(max(LAGS) + 500, seed=11)
    forecast, smearing = HarState(HarConfig(), len(x)).run(x)
    assert np.isnan(forecast).all()
    assert np.isnan(smearing).all()


def test_the_first_forecast_comes_once_the_smallest_window_is_full():
    x = log_series(200, seed=12)
    forecast, _ = HarState(HarConfig(100, 50, True, SHORT), 200).run(x)
    assert int(np.argmax(np.isfinite(forecast))) == max(SHORT) + 50


@pytest.mark.parametrize("x", [np.empty(0), np.full(300, np.nan)])
def test_nothing_measured_forecasts_nothing(x):
    forecast, _ = HarState(HarConfig(60, 30, True, SHORT), len(x)).run(x)
    assert np.isnan(forecast).all()
    assert len(forecast) == len(x)


@pytest.mark.parametrize("value", [-9.0, 1e-6, 0.0])
def test_a_constant_series_is_refused_by_the_name_of_its_column(value):
    with pytest.raises(InputError, match="HAR column 'lag1' is a combination of the columns before it"):
        HarState(HarConfig(60, 30, False, SHORT), 200).run(np.full(200, value))


def test_a_collinear_column_is_refused_by_its_name():
    x = log_series(200, seed=13)
    lagged = np.concatenate([[0.0], x[:-1]])
    noise = np.random.default_rng(14).normal(0, 1, 200)
    extra = np.column_stack([noise, 3 * lagged - 2])
    with pytest.raises(InputError, match="HAR column 'copy' is a combination"):
        HarState(HarConfig(60, 30, True, SHORT), 200, ("noise", "copy")).run(x, extra)


def test_a_collinear_column_is_refused_live():
    state = HarState(HarConfig(60, 30, True, SHORT), 200, ("flat",))
    x = log_series(200, seed=15)

    def live() -> None:
        for b in range(200):
            state.step(x[b - 1] if b else np.nan, np.array([1.0]))

    with pytest.raises(InputError, match="HAR column 'flat'"):
        live()


def test_units_of_a_column_do_not_make_it_collinear():
    x = log_series(200, seed=16)
    extra = np.random.default_rng(17).normal(0, 1, (200, 1))
    config = HarConfig(60, 30, True, SHORT)
    plain, _ = state_of(config, x, extra).run(x, extra)
    tiny, _ = state_of(config, x, extra).run(x, extra * 1e-9)
    np.testing.assert_allclose(tiny, plain, rtol=1e-9)


def test_a_state_cannot_step_past_its_end_or_be_run_twice():
    state = HarState(HarConfig(60, 30, True, SHORT), 3)
    for _ in range(3):
        state.step(np.nan)
    with pytest.raises(AssertionError, match="holds 3 buckets"):
        state.step(np.nan)
    with pytest.raises(AssertionError, match="has seen buckets already"):
        state.run(np.zeros(3))


def test_coefficients_are_named():
    state = HarState(HarConfig(60, 30, True, SHORT), 10, ("leverage",))
    assert state.columns == ("constant", "lag1", "lag4", "lag11", "leverage")
    assert state.beta.shape == (5,)


@pytest.mark.parametrize(("window", "min_window"), [(100, 5), (100, 101), (4, 4)])
def test_windows_that_cannot_be_fitted_are_refused(window, min_window):
    with pytest.raises(InputError, match=f"got min_window {min_window}, window {window}"):
        HarConfig(window, min_window)


@pytest.mark.parametrize("lags", [(), (0, 7), (7, 1), (1, 1), (-1, 2)])
def test_lags_must_ascend_from_one(lags):
    with pytest.raises(InputError, match="ascending numbers of buckets"):
        HarConfig(lags=lags)
