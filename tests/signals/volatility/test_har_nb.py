"""The HAR kernel is its least-squares twin."""

import numpy as np
import pytest
from har_series import SHORT, log_series, state_of
from hypothesis import given, settings
from hypothesis import strategies as st

from newsvol.signals.volatility.har import REBASE_EVERY, Evidence, HarConfig, HarState
from newsvol.signals.volatility.har_nb import MAX_BEYOND
from newsvol.signals.volatility.har_python import walk_forward_python


def assert_like_twin(x: np.ndarray, config: HarConfig, extra: np.ndarray | None = None) -> None:
    forecast, smearing = state_of(config, x, extra).run(x, extra)
    twin_forecast, twin_smearing = walk_forward_python(x, config, extra)
    assert np.isfinite(twin_forecast).any()
    np.testing.assert_allclose(forecast, twin_forecast, rtol=1e-9)
    np.testing.assert_allclose(smearing, twin_smearing, rtol=1e-9)


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**20),
    is_log=st.booleans(),
    missing=st.sampled_from([0.0, 0.05, 0.4]),
    n_extra=st.integers(0, 2),
    window=st.sampled_from([40, 90, 500]),
)
def test_kernel_and_twin_agree(seed, is_log, missing, n_extra, window):
    x = log_series(220, seed, missing)
    extra = np.random.default_rng(seed + 1).normal(0, 1, (220, n_extra)) if n_extra else None
    assert_like_twin(x if is_log else np.exp(x), HarConfig(window, 30, is_log, SHORT), extra)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**20),
    missing=st.sampled_from([0.0, 0.05, 0.4]),
    worth=st.sampled_from([0.5, 50.0, 5000.0]),
    window=st.sampled_from([40, 90, 500]),
    blind=st.booleans(),
)
def test_kernel_and_twin_agree_with_a_prior(seed, missing, worth, window, blind):
    rng = np.random.default_rng(seed)
    x = log_series(260, seed, missing)
    extra = rng.normal(0, 1, (260, 1))
    panel = np.column_stack([np.ones(80), rng.normal(-13, 1.5, (80, 3)), rng.normal(0, 1, 80)])
    # of the column beside the lags some panels know nothing
    panel[:, 4] *= not blind
    said = panel @ np.array([0.0, 0.5, 0.3, 0.2, 0.1]) + rng.normal(0, 0.3, 80)
    moments = worth / 80 * panel.T @ np.column_stack([panel, said])
    prior = Evidence(worth, moments, worth / 3, 1.3)
    config, held = HarConfig(window, 12, True, SHORT), (1.0,) if blind else (0.0,)
    state = HarState(config, 260, ("beside",), held, prior)
    forecast, smearing = state.run(x, extra)
    twin_forecast, twin_smearing = walk_forward_python(x, config, extra, held, prior)
    np.testing.assert_allclose(forecast, twin_forecast, rtol=1e-8)
    np.testing.assert_allclose(smearing, twin_smearing, rtol=1e-8)
    assert np.isfinite(forecast).sum() > 150
    live = HarState(config, 260, ("beside",), held, prior)
    steps = [live.step(x[b - 1] if b else np.nan, extra[b]) for b in range(260)]
    assert np.array(steps).tobytes() == np.column_stack([forecast, smearing]).tobytes()
    assert np.array_equal(live.prior_share, state.prior_share)


def test_a_prior_is_still_there_when_the_sums_were_built_anew():
    x = log_series(2 * REBASE_EVERY + 200, seed=5)
    rng = np.random.default_rng(6)
    panel = np.column_stack([np.ones(80), rng.normal(-13, 1.5, (80, 3))])
    moments = 5 * panel.T @ np.column_stack([panel, rng.normal(-13, 1.5, 80)])
    prior, config = Evidence(400.0, moments, 10.0, 1.3), HarConfig(80, 12, True, SHORT)
    forecast, _ = HarState(config, len(x), prior=prior).run(x)
    twin, _ = walk_forward_python(x, config, prior=prior)
    np.testing.assert_allclose(forecast, twin, rtol=1e-8)


def test_nothing_but_a_prior_is_bounded_by_what_was_seen():
    x = np.full(60, -13.0) + 0.01 * (np.arange(60) % 3)
    wild = np.array([[1.0, 0, 0, 0, 30.0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]])
    state = HarState(HarConfig(60, 12, True, SHORT), 60, prior=Evidence(1e6, 1e6 * wild, 1.0, 1.0))
    forecast, _ = state.run(x)
    known = np.isfinite(forecast)
    # thirty above everything is what the prior says
    assert known.sum() > 40
    np.testing.assert_allclose(forecast[known], x.max() + MAX_BEYOND, atol=0.03)


@pytest.mark.parametrize("is_log", [True, False])
def test_kernel_and_twin_agree_at_the_default_lags(is_log):
    x = log_series(420, seed=1)
    assert_like_twin(x if is_log else np.exp(x), HarConfig(200, 100, is_log))


def test_kernel_and_twin_agree_after_the_sums_were_built_anew():
    assert_like_twin(log_series(2 * REBASE_EVERY + 200, seed=2), HarConfig(80, 40, True, SHORT))


def test_a_crash_that_leaves_the_window_leaves_no_rounding_behind():
    x = np.exp(log_series(900, seed=3))
    x[300:303] *= 1e4
    assert_like_twin(x, HarConfig(200, 100, False, SHORT))


def test_a_huge_error_that_leaves_the_window_leaves_no_rounding_in_the_smearing():
    x = log_series(400, seed=3)
    x[150:153] += 45
    assert_like_twin(x, HarConfig(60, 30, True, SHORT))


@pytest.mark.parametrize("push", [-300.0, -100.0, -30.0, -10.0, 10.0, 30.0, 100.0, 300.0])
def test_extremes_that_have_left_the_window_bound_no_forecast(push):
    x = log_series(120, seed=8)
    x[30], x[40] = 10.0, -40.0
    extra = np.random.default_rng(9).normal(0, 1, (120, 1))
    extra[119] = push
    assert_like_twin(x, HarConfig(60, 30, False, SHORT), extra)


def test_a_series_may_begin_late_and_have_a_long_hole():
    x = log_series(400, seed=4)
    x[:37] = np.nan
    x[200:230] = np.nan
    config = HarConfig(120, 30, True, SHORT)
    assert_like_twin(x, config)
    forecast, _ = HarState(config, len(x)).run(x)
    # the longest mean still knows something for eleven rows of the hole, then nothing does
    assert np.isfinite(forecast[200:211]).all()
    assert np.isnan(forecast[211:231]).all()
    assert np.isfinite(forecast[231:]).all()


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**20),
    fit=st.sampled_from(["wls", "qlike"]),
    missing=st.sampled_from([0.0, 0.05, 0.3]),
    ridge=st.sampled_from([(), (0.0, 1.0)]),
    window=st.sampled_from([60, 500]),
)
def test_kernel_and_twin_agree_in_every_fit(seed, fit, missing, ridge, window):
    x = log_series(260, seed, missing)
    x = x if fit == "qlike" else np.exp(x)
    rng = np.random.default_rng(seed + 1)
    # every fifth row: a dummy that is silent for a whole window is collinear, and refused, which others test
    extra = np.column_stack([rng.normal(0, 0.5, 260), np.arange(260) % 5 == 2]).astype(np.float64)
    config = HarConfig(window, 50, fit == "qlike", SHORT, fit)
    held = ridge if fit == "qlike" else ()
    names = ("noise", "dummy")
    forecast, smearing = HarState(config, 260, names, held).run(x, extra)
    twin, twin_smearing = walk_forward_python(x, config, extra, held)
    assert np.isfinite(twin).any()
    np.testing.assert_allclose(forecast, twin, rtol=1e-8)
    assert np.array_equal(smearing, twin_smearing, equal_nan=True)


def test_a_bucket_counts_at_most_as_twenty_times_its_forecast_in_a_qlike_fit():
    """The coefficients that a bucket leaves behind are the same from twenty times its forecast on."""

    def beta_after(ratio: float) -> np.ndarray:
        state = HarState(HarConfig(200, 60, True, SHORT, "qlike"), 122)
        x = log_series(120, seed=6)
        for value in [np.nan, *x]:
            forecast, _ = state.step(value)
        state.step(forecast + np.log(ratio))
        return state.beta.copy()

    below, at, above, print_ = (beta_after(ratio) for ratio in (19.9, 20.0, 20.1, 2e6))
    assert np.abs(below / at - 1.0).max() > 1e-5
    # that a print is on the tape stays in X'X: in the coefficients of the same step it does not show
    np.testing.assert_allclose(above, at, rtol=1e-9)
    np.testing.assert_allclose(print_, at, rtol=1e-9)


@pytest.mark.parametrize("fit", ["ols", "qlike"])
def test_a_column_that_is_empty_for_a_while_has_no_coefficient_then(fit):
    x = log_series(400, seed=21)
    extra = np.random.default_rng(22).normal(0, 1, (400, 2))
    extra[:90, 0] = 0.0
    extra[200:330, 0] = 0.0
    config = HarConfig(80, 40, True, SHORT, fit)
    state = HarState(config, 400, ("now and then", "always"))
    forecast, smearing = state.run(x, extra)
    twin_forecast, twin_smearing = walk_forward_python(x, config, extra)
    np.testing.assert_allclose(forecast, twin_forecast, rtol=1e-8)
    np.testing.assert_allclose(smearing, twin_smearing, rtol=1e-8)
    assert np.isfinite(forecast[60:]).all()
