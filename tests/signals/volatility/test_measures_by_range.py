"""Measures that look at ranges and coarser returns, and tapes whose bars are buckets."""

from itertools import pairwise

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_HOUR, NS_PER_MINUTE
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.signals.volatility.buckets import cut_like_bars, cut_sessions
from newsvol.signals.volatility.history import measure_history
from newsvol.signals.volatility.losses import noise_floor_qlike
from newsvol.signals.volatility.measures import realized_measures


def lean_bars(sessions: SessionFrame, seed: int = 0, sigma: float = 0.004) -> BarFrame:
    """Half an hour from the open, then clock hours, as LEAN writes them; ticks of a random walk inside."""
    rng = np.random.default_rng(seed)
    spans = []
    for begin, end in zip(sessions.open_ns.tolist(), sessions.close_ns.tolist(), strict=True):
        edges = [begin, *range(begin + 30 * NS_PER_MINUTE, end, NS_PER_HOUR), end]
        spans += list(pairwise(edges))
    open_ns, close_ns = np.array(spans, dtype=np.int64).T
    hours = (close_ns - open_ns) / NS_PER_HOUR
    steps = rng.normal(0, 1, (len(hours), 400)) * sigma * np.sqrt(hours / 400)[:, None]
    path = np.concatenate([np.zeros((len(hours), 1)), steps.cumsum(axis=1)], axis=1)
    path += np.concatenate([[0.0], path[:-1, -1].cumsum()])[:, None]
    price = 100 * np.exp(path)
    return BarFrame(
        open_ns,
        close_ns,
        price[:, 0],
        price.max(axis=1),
        price.min(axis=1),
        price[:, -1],
        np.full(len(hours), 1e6),
    )


def test_every_measure_finds_a_constant_variance(make_sessions, make_bars):
    sessions = make_sessions(150)
    bars = make_bars(sessions, seed=1, minutes=1, constant_vol=4e-4)
    measures = realized_measures(bars, cut_sessions(sessions))
    expected = measures.n_obs * 4e-4**2
    for name in ("rv", "bv", "rv_subsampled", "recent_rv"):
        assert np.mean(getattr(measures, name) / expected) == pytest.approx(1.0, abs=0.05)


def test_range_measures_find_the_variance_of_a_random_walk(make_sessions):
    sessions = make_sessions(150)
    history = measure_history(lean_bars(sessions), sessions)
    truth = 0.004**2 * history.minutes / 60
    # four hundred steps hide a little of the range
    assert np.mean(history.measures.garman_klass / truth) == pytest.approx(1.0, abs=0.12)
    assert np.mean(history.measures.parkinson / truth) == pytest.approx(1.0, abs=0.12)
    assert np.var(history.measures.garman_klass / truth) == pytest.approx(0.27, abs=0.07)


def test_a_bar_of_an_hour_is_a_bucket_measured_by_its_range(make_sessions):
    sessions = make_sessions(30, half_days=[10])
    bars = lean_bars(sessions)
    history = measure_history(bars, sessions)
    assert history.proxy == "gk"
    assert np.array_equal(history.buckets.open_ns, bars.open_ns)
    assert np.array_equal(history.buckets.close_ns, bars.close_ns)
    assert history.minutes[:7].tolist() == [30.0] + [60.0] * 6
    assert int((history.buckets.session == 10).sum()) == 4
    assert np.array_equal(history.measures.rv, history.measures.garman_klass)
    np.testing.assert_allclose(history.measures.rs_up + history.measures.rs_down, history.measures.rv)
    assert noise_floor_qlike(history.measures) == pytest.approx(0.135)
    assert np.all(history.measures.jump == 0)


def test_a_bucket_is_there_whether_its_bar_is_or_not(make_sessions):
    sessions = make_sessions(30)
    bars = lean_bars(sessions)
    whole = measure_history(bars, sessions)
    holes = measure_history(bars.take(np.arange(len(bars)) % 9 != 4), sessions)
    assert np.array_equal(holes.buckets.open_ns, whole.buckets.open_ns)
    assert np.isnan(holes.measures.rv[4])


def test_bars_of_minutes_are_summed_and_bars_of_half_an_hour_are_buckets(make_sessions, make_bars):
    sessions = make_sessions(3)
    assert measure_history(make_bars(sessions, minutes=15), sessions).proxy == "rv"
    half_hours = measure_history(make_bars(sessions, minutes=30), sessions)
    assert half_hours.proxy == "gk"
    assert half_hours.buckets.n_slots == 13


def test_bars_that_lie_in_no_session_cut_like_their_length(make_sessions, make_bars):
    sessions = make_sessions(2)
    bars = make_bars(sessions, minutes=30)
    elsewhere = SessionFrame(sessions.open_ns + 10**17, sessions.close_ns + 10**17)
    assert cut_like_bars(elsewhere, bars).n_slots == 13


def test_volume_is_the_buckets_and_missing_where_a_bar_has_none(make_sessions, make_bars):
    sessions = make_sessions(2)
    bars = make_bars(sessions, minutes=5)
    buckets = cut_sessions(sessions)
    assert realized_measures(bars, buckets).volume.tolist() == ([12_000.0] * 6 + [6_000.0]) * 2
    bars.volume[3] = np.nan
    volume = realized_measures(bars, buckets).volume
    assert np.isnan(volume[0])
    assert volume[1] == 12_000.0
