"""The history: one row a bucket, per hour and with the time of day taken out."""

import numpy as np

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
