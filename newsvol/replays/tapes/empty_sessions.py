"""Sessions without bars: how many a tape has, how long they last, and when there are too many of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from newsvol.engine.arrays import BoolArray, IntArray
from newsvol.engine.errors import TapeError
from newsvol.engine.frames import BarFrame, SessionFrame

LONG_GAP_SESSIONS: Final = 5
"""More empty sessions in a row than a week of them are a long gap: what moves across it is no return."""

MAX_EMPTY_SHARE: Final = 0.5
"""A span of which more sessions than this share are empty is refused."""


@dataclass(frozen=True)
class EmptySessions:
    """Which sessions have no bar.

    Attributes
    ----------
    empty, in_long_gap : BoolArray, shape (S,)
        `in_long_gap`: of more than `LONG_GAP_SESSIONS` empty ones in a row.
    longest : int
        Empty sessions in a row, at most.
    long_gaps : int
    """

    empty: BoolArray
    in_long_gap: BoolArray
    longest: int
    long_gaps: int


def empty_sessions(bars: BarFrame, sessions: SessionFrame) -> EmptySessions:
    """Return which of `sessions` have no bar that lies within them."""
    first = np.searchsorted(bars.open_ns, sessions.open_ns)
    end = np.searchsorted(bars.close_ns, sessions.close_ns, side="right")
    empty = end <= first
    edges = np.flatnonzero(np.diff(np.concatenate([[False], empty, [False]]).astype(np.int64)))
    begins, lengths = edges[::2], edges[1::2] - edges[::2]
    is_long = lengths > LONG_GAP_SESSIONS
    in_long_gap = np.zeros(len(empty), dtype=np.bool_)
    in_long_gap[np.repeat(begins, lengths) + _places(lengths)] = np.repeat(is_long, lengths)
    return EmptySessions(empty, in_long_gap, int(lengths.max(initial=0)), int(is_long.sum()))


def resumed_bars(bars: BarFrame, sessions: SessionFrame) -> IntArray:
    """Return the first bar after each long gap that has bars on both sides, shape (G,), ascending."""
    in_gap = empty_sessions(bars, sessions).in_long_gap
    ends = np.flatnonzero(in_gap & ~np.append(in_gap[1:], False))
    first = np.searchsorted(bars.open_ns, sessions.close_ns[ends])
    return np.asarray(first[(first > 0) & (first < len(bars))], dtype=np.int64)


def has_lately_traded(stamps_ns: IntArray, bars: BarFrame, sessions: SessionFrame) -> BoolArray:
    """Return whether, at each stamp, the last session that is over had a bar, or one has ended since.

    Shape (M,). Causal: read from the bars that had ended by the stamp.
    """
    over = np.searchsorted(sessions.close_ns, stamps_ns, side="right") - 1
    ended = np.searchsorted(bars.close_ns, stamps_ns, side="right") - 1
    opened_ns = sessions.open_ns[np.maximum(over, 0)]
    return np.asarray((over < 0) | ((ended >= 0) & (bars.close_ns[np.maximum(ended, 0)] > opened_ns)))


def require_traded(bars: BarFrame, sessions: SessionFrame, span: str) -> None:
    """Refuse `sessions` that are mostly empty; `span` is what to call them.

    Raises
    ------
    TapeError
    """
    found = empty_sessions(bars, sessions)
    count, empty = len(sessions), int(found.empty.sum())
    if empty > MAX_EMPTY_SHARE * count:
        raise TapeError(
            f"{empty:,} of the {count:,} sessions of {span} have no bars, {found.longest:,} of them in a "
            "row: nothing can be measured on so little; choose days that have bars with --from and --to "
            "(newsvol tape check lists the gaps), or import the missing bars"
        )


def _places(lengths: IntArray) -> IntArray:
    """Return 0, 1, ... up to each length, one after the other."""
    return np.asarray(np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths))
