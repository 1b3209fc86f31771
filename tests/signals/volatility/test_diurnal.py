"""The diurnal curve: learned from full sessions of the past, mean one, deaf to a single day."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.signals.volatility.buckets import cut_sessions
from newsvol.signals.volatility.diurnal import CAP, MIN_SESSIONS, diurnal_curve

SHAPE = np.array([1.9, 1.1, 0.8, 0.65, 0.7, 0.9, 0.95])


def test_a_repeated_shape_is_found_whatever_the_level_of_each_day(make_sessions):
    buckets = cut_sessions(make_sessions(30))
    level = np.exp(np.random.default_rng(2).normal(-13, 2, 30))
    curve = diurnal_curve(np.outer(level, SHAPE).ravel(), buckets).reshape(30, 7)
    np.testing.assert_allclose(curve[MIN_SESSIONS:], np.tile(SHAPE / SHAPE.mean(), (20, 1)), rtol=1e-12)


@given(st.integers(0, 2**20))
def test_the_curve_has_mean_one_over_a_full_session(make_sessions, seed):
    buckets = cut_sessions(make_sessions(25))
    intensity = np.exp(np.random.default_rng(seed).normal(-13, 2, len(buckets)))
    curve = diurnal_curve(intensity, buckets).reshape(25, 7)[MIN_SESSIONS:]
    np.testing.assert_allclose(curve.mean(axis=1), 1.0, rtol=1e-12)
    assert np.all(curve > 0)


def test_ten_full_sessions_come_first(make_sessions):
    buckets = cut_sessions(make_sessions(14, half_days=[3]))
    intensity = np.exp(np.random.default_rng(3).normal(-13, 1, len(buckets)))
    intensity[buckets.session == 5] = np.nan
    known = np.isfinite(diurnal_curve(intensity, buckets))
    # ten, one more for the half-day and one more for the session without bars
    assert np.array_equal(known, buckets.session >= MIN_SESSIONS + 2)


@given(st.integers(0, 2**20), st.integers(10, 24))
def test_a_session_knows_only_the_sessions_before_it(make_sessions, seed, today):
    rng = np.random.default_rng(seed)
    buckets = cut_sessions(make_sessions(25))
    intensity = np.exp(rng.normal(-13, 1, len(buckets)))
    other = np.where(buckets.session >= today, np.exp(rng.normal(-10, 3, len(buckets))), intensity)
    known = buckets.session <= today
    assert np.array_equal(
        diurnal_curve(intensity, buckets)[known], diurnal_curve(other, buckets)[known], equal_nan=True
    )


def test_one_announcement_counts_at_most_five_times_its_session(make_sessions):
    buckets = cut_sessions(make_sessions(MIN_SESSIONS + 1))
    days = np.ones((MIN_SESSIONS + 1, 7))
    days[0, 4] = 1e9
    curve = diurnal_curve(days.ravel(), buckets).reshape(-1, 7)[-1]
    expected = np.full(7, (MIN_SESSIONS - 1) / MIN_SESSIONS)
    expected[4] += CAP / MIN_SESSIONS
    # the other buckets of that day are next to nothing beside its mean
    assert curve == pytest.approx(expected / expected.mean(), rel=1e-6)


def test_a_half_day_reads_the_first_slots_of_the_curve(make_sessions):
    buckets = cut_sessions(make_sessions(12, half_days=[11]))
    curve = diurnal_curve(SHAPE[buckets.slot], buckets)
    np.testing.assert_allclose(curve[buckets.session == 11], (SHAPE / SHAPE.mean())[:4], rtol=1e-12)
