"""Bands walked forward: each slot keeps its last errors sorted, and so do all slots together."""

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.kernel import kernel

STRETCH = 10.0
"""How far a band reaches beyond all errors seen: a debt of a tenth doubles its distance from the median."""


@kernel
def bands_nb(
    error: FloatArray,
    slot: IntArray,
    n_slots: int,
    window: int,
    min_rows: int,
    tail: float,
    rate: float,
    out: FloatArray,
) -> None:
    """Fill out (B, 2): the offsets below and above of each row, from errors in rows before it.

    They are the errors of its slot, or of all slots until the slot has `min_rows`.
    """
    # the last place is that of all slots
    ordered = np.empty((n_slots + 1, window + 1))
    ring = np.empty((n_slots + 1, window))
    seen = np.zeros(n_slots + 1, dtype=np.int64)
    # the level of each tail is moved by what it missed: Gibbs and Candes (2021), eq. 2, a tail at a time
    level = np.full((n_slots + 1, 2), tail)
    for b in range(len(error)):
        k = slot[b] if seen[slot[b]] >= min_rows else n_slots
        n = min(seen[k], window)
        if n >= min_rows:
            for side in range(2):
                out[b, side] = _edge_nb(ordered[k], n, side, level[k, side])
        if not np.isfinite(error[b]):
            continue
        if n >= min_rows:
            level[k, 0] += rate * (tail - (1.0 if error[b] < out[b, 0] else 0.0))
            level[k, 1] += rate * (tail - (1.0 if error[b] > out[b, 1] else 0.0))
            for side in range(2):
                level[k, side] = min(max(level[k, side], -0.5), 0.5)
        _keep_nb(error[b], ordered[slot[b]], ring[slot[b]], seen[slot[b]], window)
        _keep_nb(error[b], ordered[n_slots], ring[n_slots], seen[n_slots], window)
        seen[slot[b]] += 1
        seen[n_slots] += 1


@kernel
def _edge_nb(ordered: FloatArray, n: int, side: int, level: float) -> float:
    """Return the edge of a band below (side 0) or above, from `n` errors in their order."""
    # conformal: of n + 1 errors in any order, the next one is beyond the j-th in j of n + 1 cases
    j = int(np.floor((n + 1) * level))
    j = min(max(j, 1), n)
    edge = ordered[j - 1] if side == 0 else ordered[n - j]
    # no order statistic lies beyond the extreme: the level's debt stretches it from the median
    debt = max(1.0 / (n + 1) - level, 0.0)
    return float(edge + STRETCH * debt * (edge - ordered[n // 2]))


@kernel
def _keep_nb(error: float, ordered: FloatArray, ring: FloatArray, seen: int, window: int) -> None:
    """Put `error` in its place among the last `window`, and forget the one that leaves."""
    n = min(seen, window)
    if n == window:
        gone = ring[seen % window]
        i = 0
        while ordered[i] != gone:
            i += 1
        while i + 1 < n:
            ordered[i] = ordered[i + 1]
            i += 1
        n -= 1
    i = n
    while i > 0 and ordered[i - 1] > error:
        ordered[i] = ordered[i - 1]
        i -= 1
    ordered[i] = error
    ring[seen % window] = error
