"""The moments after which an audit changes the future: decisions, and where it pays to know more."""

import numpy as np

from newsvol.engine.arrays import NS_PER_MINUTE, IntArray
from newsvol.replays.tapes.tape import Tape

NEAR_MINUTES = 30
LARGE_MOVES = 200


def choose_moments(tape: Tape, tick_ns: IntArray, count: int, rng: np.random.Generator) -> IntArray:
    """Return `count` stamps of ticks and bars, in any order.

    A fifth each of: ticks; bars; bars of a session's last half hour; bars in the half hour before a headline;
    bars in the half hour before one of the largest moves.

    Parameters
    ----------
    tape : Tape
        Cut to the recipe's span.
    tick_ns : IntArray, shape (Q,)
        Ticks from the first forecast on.
    """
    begins, ends = int(tick_ns[0]), int(tape.bars.close_ns[-1])
    bars = tape.bars.close_ns[(tape.bars.close_ns >= begins) & (tape.bars.close_ns < ends)]
    ticks = tick_ns[tick_ns < ends]
    pools = [
        ticks,
        bars,
        _before(bars, tape.sessions.close_ns),
        _before(bars, tape.news.available_ns),
        _before(bars, _large_moves(tape)),
    ]
    chosen = []
    for place in range(count):
        pool = pools[place % len(pools)]
        pool = pool if len(pool) else bars if len(bars) else tick_ns
        chosen.append(int(rng.choice(pool)))
    return np.array(chosen, dtype=np.int64)


def _before(bars: IntArray, events_ns: IntArray) -> IntArray:
    """Return the bars that end in the half hour before an event."""
    if not len(events_ns):
        return bars[:0]
    following = np.searchsorted(events_ns, bars, side="right")
    wait = events_ns[np.minimum(following, len(events_ns) - 1)] - bars
    return bars[(following < len(events_ns)) & (wait <= NEAR_MINUTES * NS_PER_MINUTE)]


def _large_moves(tape: Tape) -> IntArray:
    size = np.abs(np.log(tape.bars.close / tape.bars.open))
    return np.sort(tape.bars.close_ns[np.argsort(size)[-LARGE_MOVES:]])
