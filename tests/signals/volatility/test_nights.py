"""Nights: their returns, and their variance beside that of the sessions."""

from dataclasses import replace

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR
from newsvol.engine.frames import SessionFrame
from newsvol.signals.volatility.buckets import cut_sessions
from newsvol.signals.volatility.gaps import gap_lengths
from newsvol.signals.volatility.history import measure_history
from newsvol.signals.volatility.nights import MIN_NIGHTS, WINDOW_NIGHTS, night_returns, night_shares


def by_session(history, values):
    return values[history.buckets.slot == 0]


def returns_of(bars, buckets):
    return night_returns(bars, buckets, gap_lengths(bars, buckets))


@pytest.fixture(name="market")
def _market(make_sessions, make_bars):
    sessions = make_sessions(40)
    return make_bars(sessions, seed=6), sessions


def test_a_night_is_the_return_from_a_close_to_the_next_open(market):
    bars, sessions = market
    buckets = cut_sessions(sessions)
    night = returns_of(bars, buckets)[buckets.slot == 0]
    first = np.searchsorted(bars.open_ns, sessions.open_ns)
    assert np.isnan(night[0])
    np.testing.assert_array_equal(night[1:], np.log(bars.open[first[1:]] / bars.close[first[1:] - 1]))


def test_what_spans_an_empty_session_or_a_missing_end_is_no_night(market):
    bars, sessions = market
    buckets = cut_sessions(sessions)
    empty = (bars.open_ns >= sessions.open_ns[10]) & (bars.close_ns <= sessions.close_ns[10])
    cut = (bars.close_ns > sessions.close_ns[20] - 3 * NS_PER_HOUR) & (bars.close_ns <= sessions.close_ns[20])
    late = (bars.open_ns >= sessions.open_ns[30]) & (bars.open_ns < sessions.open_ns[30] + 2 * NS_PER_HOUR)
    night = returns_of(bars.take(~(empty | cut | late)), buckets)[buckets.slot == 0]
    assert np.flatnonzero(np.isnan(night)).tolist() == [0, 10, 11, 21, 30]


def test_an_exchange_that_never_closes_has_no_night(make_bars):
    opens = np.arange(30, dtype=np.int64) * NS_PER_DAY
    always = SessionFrame(opens, opens + NS_PER_DAY)
    bars = make_bars(always, seed=2, constant_vol=1e-3)
    history = measure_history(bars, always)
    # its first bar does not open at the last one's close, and that is no night
    assert (by_session(history, returns_of(bars, history.buckets))[1:] == 0).all()
    assert (by_session(history, history.night_share)[MIN_NIGHTS + 1 :] == 0).all()


def test_the_share_is_the_nights_variance_over_that_of_the_sessions_after_them(market):
    bars, sessions = market
    history = measure_history(bars, sessions)
    night = by_session(history, returns_of(bars, history.buckets))
    session_rv = history.measures.rv.reshape(40, 7).sum(axis=1)
    share = history.night_share.reshape(40, 7)
    assert (share[:, :1] == share)[MIN_NIGHTS + 1 :].all()
    assert np.isnan(share[: MIN_NIGHTS + 1]).all()
    for day in (MIN_NIGHTS + 1, 20, 39):
        past = slice(1, day)
        assert share[day, 0] == pytest.approx((night[past] ** 2).sum() / session_rv[past].sum())


def test_old_nights_and_sessions_that_lack_a_bucket_do_not_count():
    count = WINDOW_NIGHTS + 20
    opens = np.arange(count, dtype=np.int64) * NS_PER_DAY
    buckets = cut_sessions(SessionFrame(opens, opens + NS_PER_HOUR))
    night, rv = np.full(count, 0.2), np.full(count, 0.01)
    night[:10] = 9.0  # long ago
    night[-5], rv[-5] = 7.0, np.nan
    assert night_shares(night, rv, buckets)[-1] == pytest.approx(0.04 / 0.01)


def test_the_share_of_a_session_does_not_know_its_own_night(market):
    bars, sessions = market
    share = measure_history(bars, sessions).night_share
    later = bars.open_ns >= sessions.open_ns[25]
    moved = {name: np.where(later, getattr(bars, name) * 3, getattr(bars, name)) for name in
             ("open", "high", "low", "close")}  # fmt: skip
    other = measure_history(replace(bars, **moved), sessions).night_share
    np.testing.assert_array_equal(share[: 26 * 7], other[: 26 * 7])
    assert (share[26 * 7 :] != other[26 * 7 :]).all()
    prefix = measure_history(bars.take(~later), sessions.take(slice(26))).night_share
    np.testing.assert_array_equal(share[: 26 * 7], prefix)
