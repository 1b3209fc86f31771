"""Bands walked forward: each slot keeps its last errors sorted."""

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
    """Fill out (B, 2): the offsets below and above of each row, from errors of its slot in rows before it."""
    ordered = np.empty((n_slots, window + 1))
    ring = np.empty((n_slots, window))
    seen = np.zeros(n_slots, dtype=np.int64)
    # the level of each tail is moved by what it missed: Gibbs and Candes (2021), eq. 2, a tail at a time
    level = np.full((n_slots, 2), tail)
    for b in range(len(error)):
        k = slot[b]
        n = min(seen[k], window)
        if n >= min_rows:
            for side in range(2):
                # conformal: of n + 1 errors in any order, the next one is beyond the j-th in j of n + 1 cases
                j = int(np.floor((n + 1) * level[k, side]))
                j = min(max(j, 1), n)
                edge = ordered[k, j - 1] if side == 0 else ordered[k, n - j]
                # no order statistic lies beyond the extreme: the level's debt stretches it from the median
                debt = max(1.0 / (n + 1) - level[k, side], 0.0)
                out[b, side] = edge + STRETCH * debt * (edge - ordered[k, n // 2])
        if not np.isfinite(error[b]):
            continue
        if n >= min_rows:
            level[k, 0] += rate * (tail - (1.0 if error[b] < out[b, 0] else 0.0))
            level[k, 1] += rate * (tail - (1.0 if error[b] > out[b, 1] else 0.0))
            for side in range(2):
                level[k, side] = min(max(level[k, side], -0.5), 0.5)
        if n == window:
            gone = ring[k, seen[k] % window]
            i = 0
            while ordered[k, i] != gone:
                i += 1
            while i + 1 < n:
                ordered[k, i] = ordered[k, i + 1]
                i += 1
            n -= 1
        i = n
        while i > 0 and ordered[k, i - 1] > error[b]:
            ordered[k, i] = ordered[k, i - 1]
            i -= 1
        ordered[k, i] = error[b]
        ring[k, seen[k] % window] = error[b]
        seen[k] += 1
