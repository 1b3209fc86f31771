"""The order of bar stamps: newest-first files are turned round, strays and repeats put aside."""

from bisect import bisect_left

import numpy as np
import pandas as pd

from newsvol.engine.arrays import BoolArray, IntArray
from newsvol.engine.errors import TapeError
from newsvol.replays.tapes.importing.quarantine import Sieve

_MOST_BACKWARD = 0.2
_FEW_ROWS = 50


def in_order(open_ns: IntArray, sieve: Sieve, file: str) -> tuple[IntArray, bool]:
    """Return the kept rows in order of time, and whether the file runs newest first.

    Repeats of a stamp are held (the first stays), then as few rows as possible so that the rest runs forward.

    Raises
    ------
    TapeError
        So many rows run backward that the file is not in any order.
    """
    rows = np.flatnonzero(sieve.kept)
    steps = np.diff(open_ns[rows])
    newest_first = bool(len(steps)) and int((steps < 0).sum()) > int((steps > 0).sum())
    repeated = np.zeros(len(open_ns), dtype=np.bool_)
    repeated[rows] = pd.Series(open_ns[rows]).duplicated().to_numpy()
    sieve.hold(repeated, "duplicate stamp")
    rows = np.flatnonzero(sieve.kept)
    if newest_first:
        rows = rows[::-1]
    stamps = open_ns[rows]
    if (np.diff(stamps) > 0).all():
        return rows, newest_first
    stray = ~_longest_rise(stamps)
    if stray.sum() > max(_MOST_BACKWARD * len(rows), _FEW_ROWS):
        raise TapeError(
            f"{file}: {int(stray.sum())} of {len(rows)} stamps run backward; sort the file by its stamps"
        )
    backward = np.zeros(len(open_ns), dtype=np.bool_)
    backward[rows[stray]] = True
    sieve.hold(backward, "backward stamp")
    return rows[~stray], newest_first


def _longest_rise(stamps: IntArray) -> BoolArray:
    """Mark a longest increasing subsequence of distinct `stamps`, shape (T,).

    A running maximum would do without a loop, but one stray stamp in the future would hold all that follows.
    Only files that run backward somewhere come here. Patience sorting, Fredman 1975.
    """
    tails: list[int] = []
    tail_rows: list[int] = []
    before = np.full(len(stamps), -1, dtype=np.int64)
    for row, stamp in enumerate(stamps.tolist()):
        place = bisect_left(tails, stamp)
        if place:
            before[row] = tail_rows[place - 1]
        if place == len(tails):
            tails.append(stamp)
            tail_rows.append(row)
        else:
            tails[place] = stamp
            tail_rows[place] = row
    rising = np.zeros(len(stamps), dtype=np.bool_)
    row = tail_rows[-1] if tail_rows else -1
    while row >= 0:
        rising[row] = True
        row = int(before[row])
    return rising
