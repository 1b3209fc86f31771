"""The contract of every registered forecaster, and what sets the four HARs apart."""

from dataclasses import replace

import numpy as np
import pytest

from newsvol.engine.frames import SessionFrame
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.har_specifications import HAR_SPECIFICATIONS, IN_LOGS, Blend, build_har
from newsvol.signals.volatility.history import measure_history
from newsvol.signals.volatility.losses import qlike
from newsvol.signals.volatility.naive import NAIVE
from newsvol.signals.volatility.protocol import Forecaster

HARS = ("har", "har-p", "log-har-p", "log-har-p-leverage")
SESSIONS = 70

# another part's tests register forecasters that peek, to see them caught
every_forecaster = pytest.mark.parametrize(
    "name", [name for name in FORECASTERS.names() if not name.startswith("peek")]
)


def build(name: str) -> Forecaster:
    factory = FORECASTERS.factory(name)
    return factory() if name in NAIVE else factory(window=150, min_window=60)


@pytest.fixture(scope="module")
def market(make_sessions, make_bars):
    sessions = make_sessions(SESSIONS, half_days=[20, 50])
    return make_bars(sessions, seed=5, missing=0.05), sessions


@pytest.fixture(scope="module")
def history(market):
    return measure_history(*market)


def test_the_built_in_forecasters_are_registered():
    assert {*NAIVE, *HARS} <= set(FORECASTERS.names())


@every_forecaster
def test_a_forecaster_keeps_its_protocol(name):
    assert isinstance(build(name), Forecaster)


@every_forecaster
def test_a_forecast_is_a_positive_variance_for_each_bucket(name, history):
    forecast = build(name).forecast(history)
    assert forecast.shape == (len(history.buckets),)
    assert forecast.dtype == np.float64
    assert np.all(forecast[np.isfinite(forecast)] > 0)
    assert not np.isinf(forecast).any()
    assert np.isfinite(forecast[-100:]).all()


@every_forecaster
def test_the_first_bucket_has_no_forecast(name, history):
    assert np.isnan(build(name).forecast(history)[0])


@every_forecaster
def test_the_same_history_gives_the_same_bits(name, market):
    first, again = (build(name).forecast(measure_history(*market)) for _ in range(2))
    assert np.array_equal(first, again, equal_nan=True)


@every_forecaster
@pytest.mark.parametrize("last", [100, 300, 400, 470])
@pytest.mark.parametrize("change", ["shuffle", "delete", "scale"])
def test_a_forecast_knows_nothing_of_its_own_bucket_or_later(name, history, market, last, change):
    bars, sessions = market
    future = np.flatnonzero(bars.close_ns > history.buckets.close_ns[last])
    rng = np.random.default_rng(last)
    if change == "delete":
        other = bars.take(slice(0, future[0]))
    else:
        prices = {column: getattr(bars, column).copy() for column in ("open", "high", "low", "close")}
        factor = np.exp(np.cumsum(rng.normal(0, 0.02, len(future)))) if change == "shuffle" else 3.0
        for column in prices.values():
            column[future] *= factor
        other = replace(bars, **prices)
    forecaster = build(name)
    known = forecaster.forecast(history)
    again = forecaster.forecast(measure_history(other, sessions))
    assert np.array_equal(known[: last + 2], again[: last + 2], equal_nan=True)
    if change == "shuffle":
        assert not np.array_equal(known[last + 2 :], again[last + 2 :], equal_nan=True)


@every_forecaster
def test_a_tape_without_bars_or_without_sessions_forecasts_nothing(name, make_sessions, make_bars):
    sessions = make_sessions(12)
    bars = make_bars(sessions)
    nowhere = SessionFrame(np.empty(0, np.int64), np.empty(0, np.int64))
    assert np.isnan(build(name).forecast(measure_history(bars.take(slice(0, 0)), sessions))).all()
    assert len(build(name).forecast(measure_history(bars, nowhere))) == 0


@every_forecaster
def test_a_price_that_stands_still_for_a_while_stops_no_forecaster(name, market):
    bars, sessions = market
    still = (bars.open_ns >= sessions.open_ns[60]) & (bars.open_ns < sessions.close_ns[60])
    price = bars.close[np.argmax(still)]
    flat = {
        column: np.where(still, price, getattr(bars, column)) for column in ("open", "high", "low", "close")
    }
    forecast = build(name).forecast(measure_history(replace(bars, **flat), sessions))
    assert np.isfinite(forecast[-50:]).all()
    assert np.all(forecast[-50:] > 0)


@pytest.mark.parametrize("name", HARS)
def test_a_window_that_is_never_full_forecasts_nothing(name, history):
    forecaster = FORECASTERS.factory(name)(window=5000, min_window=5000)
    assert np.isnan(forecaster.forecast(history)).all()


@pytest.mark.parametrize("name", HARS)
def test_har_beats_the_last_bucket_where_variance_clusters(name, history):
    forecast, naive = build(name).forecast(history), build("last-bucket").forecast(history)
    rows = np.isfinite(forecast) & (history.measures.rv > 0)
    rv = history.measures.rv[rows]
    assert qlike(rv, forecast[rows]).mean() < qlike(rv, naive[rows]).mean()


def test_levels_and_logs_regress_what_they_say(history):
    assert np.array_equal(build_har("har").series(history), history.intensity, equal_nan=True)
    assert np.array_equal(build_har("har-p").series(history), history.z, equal_nan=True)
    assert np.array_equal(build_har("log-har-p").series(history), np.log(history.z), equal_nan=True)


def test_a_bucket_in_which_no_price_moved_has_no_log(plain_history):
    assert np.array_equal(
        build_har("log-har-p").series(plain_history([1, 0, np.nan], 3)), [0, np.nan, np.nan], equal_nan=True
    )


def test_what_was_fitted_is_turned_back_into_the_variance_of_the_bucket(make_history):
    history = make_history(12)
    last = slice(-1, None)
    curve, half_an_hour = history.diurnal[last], 0.5
    fitted, smearing = np.full(84, 0.7), np.full(84, 1.2)
    assert build_har("har").back_transform(history, fitted, smearing)[last] == 0.7 * half_an_hour
    assert build_har("har-p").back_transform(history, fitted, smearing)[last] == pytest.approx(
        0.7 * curve * half_an_hour
    )
    expected = np.exp(0.7) * 1.2 * curve * half_an_hour
    assert build_har("log-har-p").back_transform(history, fitted, smearing)[last] == pytest.approx(expected)


@pytest.mark.parametrize("name", HARS)
def test_forecasts_are_right_on_average(name, make_history):
    history = make_history(150, seed=9)
    forecast = build(name).forecast(history)
    rows = np.isfinite(forecast)
    # a median in place of a mean would be a quarter too low here
    assert (history.measures.rv[rows] / forecast[rows]).mean() == pytest.approx(1.0, abs=0.12)


def test_leverage_is_the_fall_of_the_bucket_before_in_its_own_deviations(plain_history):
    history = plain_history([4, 4, 0, np.nan, 4, 4], 3, bucket_return=[-1, 3, 0, np.nan, -4, -1])
    extra = build_har("log-har-p-leverage").extra(history)
    assert extra.tolist() == [[0], [0.5], [0], [0], [0], [2]]
    assert build_har("log-har-p").extra(history) is None


def test_a_night_before_a_late_start_is_no_fall(market):
    bars, sessions = market
    late = (bars.open_ns >= sessions.open_ns[30]) & (bars.open_ns < sessions.open_ns[30] + 90 * 60 * 10**9)
    drop = np.where(bars.open_ns >= sessions.open_ns[30], 0.5, 1.0)
    halved = replace(bars, **{name: getattr(bars, name) * drop for name in ("open", "high", "low", "close")})
    extra = build_har("log-har-p-leverage").extra(measure_history(halved.take(~late), sessions))
    # one bucket of a driftless market falls by a few of its own deviations, never by a crash of a half
    assert extra.max() < 10


def test_the_live_step_gives_the_traded_forecast_bit_by_bit(history):
    for forecaster in (
        build_har("har", 150, 60),
        build_har("har-p", 150, 60),
        build_har("log-har-p", 150, 60),
        build_har("log-har-p-leverage", 150, 60),
    ):
        series, extra = forecaster.series(history), forecaster.extra(history)
        state = forecaster.state(len(series))
        steps = np.array(
            [
                state.step(series[b - 1] if b else np.nan, None if extra is None else extra[b])
                for b in range(len(series))
            ]
        )
        live = forecaster.back_transform(history, steps[:, 0], steps[:, 1])
        assert np.array_equal(live, forecaster.forecast(history), equal_nan=True)


def test_a_blend_is_the_geometric_mean_of_its_members(make_history):
    history = make_history(90, 3)
    blend = build_har("har-blend", window=200, min_window=100)
    assert isinstance(blend, Blend)
    logs = [np.log(member.forecast(history)) for member in blend.members]
    assert len(logs) > 1
    known = np.isfinite(blend.forecast(history))
    assert known.any()
    np.testing.assert_allclose(
        blend.forecast(history)[known], np.exp(np.mean(logs, axis=0))[known], rtol=1e-12
    )


def test_an_outlier_counts_as_so_many_times_the_trailing_mean(plain_history):
    values = np.exp(np.random.default_rng(1).normal(-13, 0.3, 70))
    values[[40, 55]] *= 1e3, 1e-3
    history = plain_history(values.tolist(), 7)
    free, bound = (build_har("log-har-p", outlier_bound=one).series(history) for one in (None, 20.0))
    mean = np.log(values[:40].mean())
    assert bound[40] == pytest.approx(mean + np.log(20), abs=0.2)
    assert free[40] > mean + 6
    assert bound[55] == pytest.approx(mean - np.log(20), abs=0.8)
    others = np.delete(np.arange(70), [40, 55])
    np.testing.assert_array_equal(bound[others], free[others])
    for name in HAR_SPECIFICATIONS:
        if name not in IN_LOGS:
            assert build_har(name, outlier_bound=20.0) == build_har(name)
