"""Moments lie where something is decided, and where it would pay to know more."""

import numpy as np

from newsvol.engine.arrays import NS_PER_MINUTE, FloatArray
from newsvol.replays.audit.moments import choose_moments
from newsvol.replays.tapes.tape import Tape


def test_moments_are_stamps_of_ticks_and_bars_in_sessions(planted: tuple[Tape, FloatArray]) -> None:
    tape, _ = planted
    ticks = np.sort(np.concatenate([tape.sessions.open_ns[100:], tape.news.available_ns[500:]]))
    moments = choose_moments(tape, ticks, 500, np.random.default_rng(0))
    assert np.isin(moments, np.concatenate([ticks, tape.bars.close_ns])).all()
    assert moments.min() >= ticks[0]
    assert moments.max() < tape.bars.close_ns[-1]
    closes = tape.sessions.close_ns[np.searchsorted(tape.sessions.close_ns, moments)]
    assert (closes - moments <= 30 * NS_PER_MINUTE).mean() > 0.2
    following = np.minimum(np.searchsorted(tape.news.available_ns, moments, side="right"), len(tape.news) - 1)
    assert (np.abs(tape.news.available_ns[following] - moments) <= 30 * NS_PER_MINUTE).mean() > 0.2
    assert np.array_equal(moments, choose_moments(tape, ticks, 500, np.random.default_rng(0)))


def test_a_fifth_of_the_moments_each_lies_where_it_pays_to_know_more(
    planted: tuple[Tape, FloatArray],
) -> None:
    tape, _ = planted
    ticks = tape.sessions.open_ns[100:] + 1
    moments = choose_moments(tape, ticks, 5_000, np.random.default_rng(1))
    of_ticks, of_bars, *near = (moments[place::5] for place in range(5))
    assert np.isin(of_ticks, ticks).all()
    assert not np.isin(of_bars, ticks).any()
    size = np.abs(np.log(tape.bars.close / tape.bars.open))
    large = np.sort(tape.bars.close_ns[np.argsort(size)[-200:]])
    for chosen, events in zip(near, (tape.sessions.close_ns, tape.news.available_ns, large), strict=True):
        wait = events[np.searchsorted(events, chosen, side="right")] - chosen
        assert wait.min() > 0
        assert 29 * NS_PER_MINUTE < wait.max() <= 30 * NS_PER_MINUTE


def test_a_tape_without_headlines_has_moments_too(planted: tuple[Tape, FloatArray]) -> None:
    tape = Tape(planted[0].bars, planted[0].news.take(slice(0)), planted[0].sessions, planted[0].info)
    moments = choose_moments(tape, tape.sessions.open_ns[50:], 20, np.random.default_rng(0))
    assert len(moments) == 20
