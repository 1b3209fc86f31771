"""The history: one row a bucket, per hour and with the time of day taken out."""

from dataclasses import replace

import numpy as np
import pytest

from newsvol.engine.errors import InputError
from newsvol.engine.frames import SessionFrame
from newsvol.signals.volatility.history import measure_history


def test_a_half_hour_is_scaled_to_an_hour_and_back(make_history):
    history = make_history(12)
    assert history.minutes[:7].tolist() == [60.0] * 6 + [30.0]
    np.testing.assert_allclose(history.intensity[6::7], 2 * history.measures.rv[6::7])
    np.testing.assert_allclose(history.to_bucket(history.intensity), history.measures.rv)


def test_z_is_the_intensity_over_the_diurnal_factor(make_history):
    history = make_history(15)
    assert np.isnan(history.z[:70]).all()
    assert np.isfinite(history.z[70:]).all()
    np.testing.assert_allclose((history.z * history.diurnal)[70:], history.intensity[70:])


def test_a_market_with_a_constant_volatility_has_z_near_its_variance(make_sessions, make_bars):
    sessions = make_sessions(120)
    bars = make_bars(sessions, seed=1, minutes=1, constant_vol=5e-4)
    history = measure_history(bars, sessions)
    # 2% is three standard errors of the mean over 770 buckets of 60 or 30 returns
    assert abs(np.nanmean(history.z) / (60 * 5e-4**2) - 1) < 0.02
    assert np.nanstd(history.diurnal) < 0.05


def test_buckets_without_bars_are_missing_not_zero(make_history):
    history = make_history(12, seed=2, missing=0.93)
    empty = history.measures.n_obs == 0
    assert empty.any()
    assert np.isnan(history.intensity[empty]).all()
    assert np.isnan(history.z[empty]).all()


def test_no_sessions_have_no_history(make_sessions, make_bars):
    nowhere = SessionFrame(np.empty(0, np.int64), np.empty(0, np.int64))
    assert len(measure_history(make_bars(make_sessions(1)), nowhere).buckets) == 0


def test_a_print_that_was_off_the_market_and_came_back_is_left_out(make_sessions, make_bars):
    sessions = make_sessions(30)
    bars = make_bars(sessions, 3, minutes=1)
    spoilt = 4000
    prices = {name: getattr(bars, name).copy() for name in ("high", "close")}
    prices["close"][spoilt] *= 2.0
    prices["high"][spoilt] = max(prices["high"][spoilt], prices["close"][spoilt])
    other = replace(bars, **prices)
    clean, bad = (measure_history(one, sessions, measure="truncated_rv") for one in (bars, other))
    row = int(np.searchsorted(clean.buckets.close_ns, bars.close_ns[spoilt]))
    assert measure_history(other, sessions).measures.rv[row] > 20 * clean.measures.rv[row]
    assert bad.measures.rv[row] == pytest.approx(clean.measures.rv[row], rel=0.15)
    others = np.arange(len(clean.buckets)) != row
    np.testing.assert_array_equal(bad.measures.rv[others], clean.measures.rv[others])
    # where nothing is off the market it is realized variance
    np.testing.assert_allclose(clean.measures.rv, measure_history(bars, sessions).measures.rv, rtol=1e-12)


def test_what_goes_with_a_truncated_variance_adds_up_to_it(make_sessions, make_bars):
    sessions = make_sessions(12)
    bars = make_bars(sessions, 5, minutes=1)
    close = bars.close.copy()
    close[::400] *= 2.0
    bars = replace(bars, close=close, high=np.maximum(bars.high, close))
    rv, truncated = (measure_history(bars, sessions, measure=one) for one in ("rv", "truncated_rv"))
    assert (rv.proxy, truncated.proxy) == ("rv", "truncated_rv")
    measures = truncated.measures
    np.testing.assert_array_equal(measures.rv, measures.truncated_rv)
    assert np.isnan(rv.measures.truncated_rv).all()
    assert (measures.rv < 0.1 * rv.measures.rv).any()
    np.testing.assert_allclose(measures.rs_up + measures.rs_down, measures.rv, rtol=1e-12)
    np.testing.assert_allclose(
        measures.recent_rv / measures.rv, rv.measures.recent_rv / rv.measures.rv, rtol=1e-12
    )
    assert (measures.jump >= 0).all()
    assert (measures.rq <= rv.measures.rq * (1 + 1e-12)).all()
    np.testing.assert_array_equal(truncated.intensity, measures.rv * 60 / truncated.minutes)


def test_of_buckets_that_are_one_bar_there_are_no_outliers(make_sessions, make_bars):
    sessions = make_sessions(12)
    with pytest.raises(InputError, match="on this tape a bucket is one bar"):
        measure_history(make_bars(sessions, 5, minutes=30), sessions, measure="truncated_rv")
