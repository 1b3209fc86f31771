"""Ticks: the moments at which something wakes up."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from newsvol.engine.arrays import IntArray
from newsvol.engine.frames import Columns


class TickKind(IntEnum):
    """Why the clock stopped here. The values give the order of ticks that share a stamp."""

    BAR = 0
    SESSION_OPEN = 1
    BUCKET_END = 2
    HEADLINE = 3


@dataclass(frozen=True)
class TickFrame(Columns):
    """Ticks in the order in which the clock meets them: (available, kind, sequence).

    Attributes
    ----------
    available_ns : IntArray, shape (M,)
        Non-decreasing.
    kind : IntArray, shape (M,)
        A `TickKind`.
    item : IntArray, shape (M,)
        Row of the bar, session, bucket or headline that woke the clock.
    """

    available_ns: IntArray
    kind: IntArray
    item: IntArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()


def merge_ticks(stamps: dict[TickKind, IntArray]) -> TickFrame:
    """Merge the stamps of each kind into one order.

    Parameters
    ----------
    stamps : dict of TickKind to IntArray
        When each bar, session open, bucket or headline becomes available; each array non-decreasing, so
        that the stable sort leaves items of one kind in their own sequence.
    """
    kinds = sorted(stamps)
    available = np.concatenate([stamps[kind] for kind in kinds])
    kind = np.repeat(np.array(kinds, dtype=np.int64), [len(stamps[key]) for key in kinds])
    item = np.concatenate([np.arange(len(stamps[key]), dtype=np.int64) for key in kinds])
    # kinds are concatenated in ascending order and the sort is stable, so equal stamps keep (kind, item).
    order = np.argsort(available, kind="stable")
    return TickFrame(available[order], kind[order], item[order])
