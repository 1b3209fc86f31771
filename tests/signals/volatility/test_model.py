"""HAR as an estimator: named coefficients, walk-forward forecasts, clear refusals."""

import numpy as np
import pytest
import statsmodels.api as sm

from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.har import LAGS
from newsvol.signals.volatility.model import VolatilityModel
from newsvol.signals.volatility.schedule import Schedule


@pytest.fixture(scope="module")
def history(make_history):
    return make_history(90, 3)


def test_coefficients_are_those_of_statsmodels_on_the_last_window(history):
    params = VolatilityModel("log-har-p", 200, 100).fit(history).params
    x = np.log(history.z)
    rows = np.arange(len(x) - 201, len(x) - 1)
    design = np.column_stack([np.ones(200), *([x[b - lag : b].mean() for b in rows] for lag in LAGS)])
    peer = sm.OLS(x[rows], design).fit().params
    assert list(params.index) == ["constant", "lag1", "lag7", "lag35", "lag154"]
    np.testing.assert_allclose(params, peer, rtol=1e-8)


def test_what_is_no_tape_is_told_what_to_give():
    with pytest.raises(TypeError, match=r"data is a list; give a Tape \(newsvol\.load_tape\)"):
        VolatilityModel("har", 200, 100).fit([0.1])


def test_forecasts_are_those_of_a_replay(history):
    forecaster = FORECASTERS.factory("log-har-p-full")(window=200, min_window=100)
    model = VolatilityModel("log-har-p-full", 200, 100)
    fit = model.fit(history)
    assert np.array_equal(fit.variance, forecaster.forecast(history), equal_nan=True)
    assert np.array_equal(model.forecast(history), fit.variance, equal_nan=True)
    assert set(fit.params.index) >= {"leverage", "leverage7", "recent", "slope0"}


def test_a_blend_has_coefficients_for_each_member(history):
    fit = VolatilityModel("har-blend", 200, 100).fit(history)
    least_squares, by_qlike = fit.coefficients
    assert fit.params[1, "lag1"] == by_qlike["lag1"]
    assert list(least_squares) == list(by_qlike)
    assert least_squares["lag1"] != by_qlike["lag1"]


def test_events_have_coefficients_by_their_name(history):
    stamps = history.buckets.open_ns[history.buckets.slot == 4][::5] + 1
    schedule = Schedule(np.full(len(stamps), "FOMC", dtype=object), stamps)
    fit = VolatilityModel("log-har-p-events", 200, 100, schedule).fit(history)
    assert {"FOMC", "FOMC+1"} <= set(fit.params.index)


def test_bands_come_with_the_forecast(history):
    bands = VolatilityModel(window=200, min_window=100).fit(history).intervals()
    assert np.isfinite(bands.lower[-100:]).all()


def test_a_fit_shows_losses_that_leave_out_what_was_not_forecast(history):
    fit = VolatilityModel("log-har-p", 200, 100).fit(history)
    rows = np.isfinite(fit.variance)
    assert 0 < rows.sum() < len(rows)
    realized, forecast = fit.history.measures.rv[rows], fit.variance[rows]
    loss = np.mean(realized / forecast - np.log(realized / forecast) - 1)
    assert fit.losses()["qlike"] == pytest.approx(loss)
    assert f"QLIKE {loss:.4f}" in fit.summary()
    assert "lag154" in fit._repr_html_()


def test_too_few_rows_say_how_many_are_needed(make_history):
    with pytest.raises(InputError, match=r"needs 500 buckets after .* the history has 280"):
        VolatilityModel().fit(make_history(40))


def test_a_constant_series_is_refused_by_its_column(plain_history):
    with pytest.raises(InputError, match="HAR column 'lag1'"):
        VolatilityModel("har", 100, 50).fit(plain_history([1e-5] * 400, 7))


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(UnknownNameError, match="did you mean"):
        VolatilityModel("log-har-pp")
    with pytest.raises(InputError, match="nothing to fit"):
        VolatilityModel("diurnal")
    schedule = Schedule(np.array(["A"], dtype=object), np.zeros(1, np.int64))
    with pytest.raises(InputError, match="uses no events; those that do: log-har-p-events"):
        VolatilityModel("har", schedule=schedule)
