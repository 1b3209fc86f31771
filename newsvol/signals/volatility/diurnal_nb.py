"""The diurnal curve, walked forward session by session."""

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.kernel import kernel


@kernel
def diurnal_curve_nb(
    intensity: FloatArray,
    session: IntArray,
    slot: IntArray,
    n_slots: int,
    window: int,
    min_sessions: int,
    cap: float,
) -> FloatArray:
    """Return the diurnal factor of each bucket from the sessions before; see `diurnal.diurnal_curve`."""
    n = len(intensity)
    out = np.full(n, np.nan)
    ring = np.zeros((window, n_slots))
    total = np.zeros(n_slots)
    curve = np.full(n_slots, np.nan)
    seen = 0
    b = 0
    while b < n:
        end = b
        while end < n and session[end] == session[b]:
            end += 1
        if seen >= min_sessions:
            for k in range(n_slots):
                curve[k] = total[k]
            curve /= curve.mean()
        for i in range(b, end):
            out[i] = curve[slot[i]]
        level = 0.0
        whole = end - b == n_slots
        for i in range(b, end):
            if not intensity[i] > 0.0:
                whole = False
            level += intensity[i]
        if whole:
            level /= n_slots
            place = seen % window
            for i in range(b, end):
                ratio = min(cap, intensity[i] / level)
                if seen >= window:
                    total[slot[i]] -= ring[place, slot[i]]
                ring[place, slot[i]] = ratio
                total[slot[i]] += ratio
            seen += 1
        b = end
    return out
