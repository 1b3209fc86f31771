"""The order of bar stamps: newest-first files are turned round, shuffled ones sorted, repeats put aside."""

from bisect import bisect_left

import numpy as np
import pandas as pd

from newsvol.engine.arrays import BoolArray, IntArray
from newsvol.replays.tapes.importing.quarantine import Sieve


def in_order(open_ns: IntArray, sieve: Sieve) -> tuple[IntArray, tuple[str, ...]]:
    """Return the kept rows in order of time, and what had to be done for it.

    Repeats of a stamp are held: the first in the file stays, whether the others agree with it or not. What is
    left has one place each, however the file was shuffled.

    Returns
    -------
    rows : IntArray, shape (K,)
    notes : tuple of str
        "newest first, turned round"; "37 rows out of order, sorted".
    """
    rows = np.flatnonzero(sieve.kept)
    steps = np.diff(open_ns[rows])
    newest_first = bool(len(steps)) and int((steps < 0).sum()) > int((steps > 0).sum())
    repeated = np.zeros(len(open_ns), dtype=np.bool_)
    repeated[rows] = pd.Series(open_ns[rows]).duplicated().to_numpy()
    sieve.hold(repeated, "duplicate stamp")
    rows = np.flatnonzero(sieve.kept)
    notes: tuple[str, ...] = ()
    if newest_first:
        rows = rows[::-1]
        notes = ("newest first, turned round",)
    stamps = open_ns[rows]
    if (np.diff(stamps) > 0).all():
        return rows, notes
    moved = int((~_longest_rise(stamps)).sum())
    told = f"{moved:,} row{'s' * (moved != 1)} out of order, sorted by stamp"
    return rows[np.argsort(stamps, kind="stable")], (*notes, told)


def _longest_rise(stamps: IntArray) -> BoolArray:
    """Mark a longest increasing subsequence of distinct `stamps`, shape (T,).

    What is not marked is the fewest rows that have to move. A running maximum would do without a loop, but
    one stray stamp in the future would count all that follows. Only files that run backward somewhere come
    here. Patience sorting, Fredman 1975.
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
