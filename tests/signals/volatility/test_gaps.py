"""What is a gap, and what is the usual silence of a stock that trades little."""

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_MINUTE
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.signals.volatility.buckets import cut_sessions
from newsvol.signals.volatility.gaps import gap_lengths
from newsvol.signals.volatility.measures import realized_measures

DAYS = 30


def without(bars: BarFrame, sessions: SessionFrame, day: int, begin: int, end: int) -> BarFrame:
    """Take the bars that start in these minutes of the day's session off the tape."""
    minute = (bars.open_ns - sessions.open_ns[day]) // NS_PER_MINUTE
    return bars.take(~((minute >= begin) & (minute < end)))


@pytest.fixture(name="market")
def _market(make_sessions, make_bars):
    sessions = make_sessions(DAYS)
    return make_bars(sessions, seed=4, minutes=1, constant_vol=5e-4), sessions


def test_on_a_tape_of_every_minute_three_missing_minutes_are_no_gap_and_four_are(market):
    bars, sessions = market
    buckets = cut_sessions(sessions)
    gaps = gap_lengths(bars, buckets)
    assert (gaps[: 5 * 7] == 28 * NS_PER_MINUTE).all()  # nothing usual is known yet
    assert (gaps[5 * 7 :] == 4 * NS_PER_MINUTE).all()
    for missing, covered in ((3, 1.0), (4, 56 / 60)):
        torn = without(bars, sessions, 20, 80, 80 + missing)
        assert realized_measures(torn, buckets).covered[20 * 7 + 1] == pytest.approx(covered)


def test_a_gap_is_judged_by_the_sessions_before_it(market):
    bars, sessions = market
    thinned = bars.take((bars.open_ns < sessions.open_ns[20]) | (np.arange(len(bars)) % 6 == 0))
    buckets = cut_sessions(sessions)
    known, other = gap_lengths(bars, buckets), gap_lengths(thinned, buckets)
    np.testing.assert_array_equal(known[: 21 * 7], other[: 21 * 7])
    assert other[-1] == known[-1]  # ten sessions of twenty are not yet what is usual
    assert gap_lengths(bars.take(bars.open_ns % (6 * NS_PER_MINUTE) == 0), buckets)[-1] > known[-1]


def test_sessions_without_bars_do_not_say_what_is_usual(market):
    bars, sessions = market
    silent = without(bars, sessions, 10, 0, 6 * 1440)
    gaps = gap_lengths(silent, cut_sessions(sessions))
    assert (gaps[5 * 7 :] == 4 * NS_PER_MINUTE).all()


def test_a_tear_in_every_session_is_not_what_is_usual(market):
    bars, sessions = market
    day = np.searchsorted(sessions.open_ns, bars.open_ns, side="right") - 1
    minute = (bars.open_ns - sessions.open_ns[day]) // NS_PER_MINUTE
    found = realized_measures(bars.take((minute < 130) | (minute >= 180)), cut_sessions(sessions))
    assert np.isnan(found.rv[2::7]).all()
    assert np.isfinite(np.delete(found.rv.reshape(DAYS, 7), 2, axis=1)).all()


@pytest.mark.parametrize("first", [0, 5, 10])
def test_a_bucket_of_which_fifty_minutes_are_gone_is_missing_and_so_is_no_other(market, first):
    bars, sessions = market
    buckets = cut_sessions(sessions)
    whole = realized_measures(bars, buckets)
    found = realized_measures(without(bars, sessions, 20, 60 + first, 110 + first), buckets)
    gone = 20 * 7 + 1
    assert found.n_obs[gone] == 10
    assert found.covered[gone] == pytest.approx(10 / 60)
    for name in (
        "rv",
        "bv",
        "rs_up",
        "rs_down",
        "rq",
        "recent_rv",
        "garman_klass",
        "bucket_return",
        "volume",
    ):
        assert np.isnan(getattr(found, name)[gone])
    # what moved in the gap is not in the next bucket either
    others = np.arange(len(buckets)) != gone
    np.testing.assert_allclose(found.rv[others], whole.rv[others], rtol=0.05)
    assert np.isfinite(found.rv[others]).all()


@pytest.mark.parametrize("first", [0, 20, 40])
def test_a_bucket_that_lacks_a_third_is_scaled_by_what_is_there(market, first):
    bars, sessions = market
    found = realized_measures(without(bars, sessions, 20, 60 + first, 80 + first), cut_sessions(sessions))
    scaled = 20 * 7 + 1
    assert found.n_obs[scaled] == 40
    assert found.covered[scaled] == pytest.approx(40 / 60)
    # forty returns of 5e-4: three standard errors of their mean square are 67%
    assert found.rv[scaled] == pytest.approx(60 * 5e-4**2, rel=0.67)
    assert found.rv[scaled] == pytest.approx(found.rs_up[scaled] + found.rs_down[scaled])
    inside = (bars.open_ns >= sessions.open_ns[20] + 60 * NS_PER_MINUTE) & (
        bars.open_ns < sessions.open_ns[20] + 120 * NS_PER_MINUTE
    )
    minute = (bars.open_ns[inside] - sessions.open_ns[20]) // NS_PER_MINUTE - 60
    returns = np.log(bars.close[inside] / bars.open[inside])
    left = returns[(minute < first) | (minute >= first + 20)]
    np.testing.assert_allclose(found.rv[scaled], 1.5 * (left**2).sum())


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_thin_stock_keeps_its_buckets_and_their_variance(make_sessions, make_bars, share):
    sessions = make_sessions(150)
    whole = make_bars(sessions, seed=9, minutes=1, constant_vol=5e-4)
    thin = whole.take(np.random.default_rng(1).random(len(whole)) < share)
    found = realized_measures(thin, cut_sessions(sessions))
    late = slice(35, None)
    assert np.isfinite(found.rv[late]).mean() > 0.999
    assert (found.covered[late] == 1).mean() > 0.98
    length = np.where(cut_sessions(sessions).slot == 6, 30, 60)
    # the return after a silent minute holds what moved in it; a session's ends are lost, minutes in 390
    assert np.nanmean((found.rv / length)[late]) == pytest.approx(5e-4**2, rel=0.05)


def test_a_gap_in_a_thin_stock_is_seen_too(make_sessions, make_bars):
    sessions = make_sessions(DAYS)
    bars = make_bars(sessions, seed=9, minutes=1, constant_vol=5e-4)
    thin = bars.take(np.random.default_rng(1).random(len(bars)) < 0.5)
    found = realized_measures(without(thin, sessions, 20, 60, 110), cut_sessions(sessions))
    assert np.isnan(found.rv[20 * 7 + 1])
    assert np.isfinite(found.rv[35:]).sum() == len(found.rv[35:]) - 1


def test_hours_are_whole_as_they_are(make_sessions, make_bars):
    sessions = make_sessions(DAYS, minutes=360)
    bars = make_bars(sessions, seed=5, minutes=60)
    lost = realized_measures(bars.take(np.arange(len(bars)) != 63), cut_sessions(sessions))
    assert np.isnan(lost.rv[63])
    assert (np.delete(lost.covered, 63) == 1).all()
