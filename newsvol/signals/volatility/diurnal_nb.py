"""The diurnal curve, walked forward session by session."""

from typing import NamedTuple

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.kernel import kernel


class DiurnalArrays(NamedTuple):
    """What the walk carries on: K slots.

    `ring` (window, K) the latest sessions; `total` (K,) their sum; `seen` (1,) sessions learnt so far.
    """

    ring: FloatArray
    total: FloatArray
    seen: IntArray


@kernel
def diurnal_curve_nb(
    begin: int,
    end: int,
    intensity: FloatArray,
    session: IntArray,
    slot: IntArray,
    min_sessions: int,
    cap: float,
    out: FloatArray,
    s: DiurnalArrays,
) -> None:
    """Fill `out` from `begin` to `end`, both where a session begins; see `diurnal.diurnal_curve`.

    A session's factors are those of the sessions before it, the one that ends at `begin` included.
    """
    ring, total, seen = s
    window, n_slots = ring.shape
    curve = np.full(n_slots, np.nan)
    b = begin
    while b < end:
        if b > 0:
            last = b - 1
            while last > 0 and session[last - 1] == session[b - 1]:
                last -= 1
            level = 0.0
            whole = b - last == n_slots
            for i in range(last, b):
                if not intensity[i] > 0.0:
                    whole = False
                level += intensity[i]
            if whole:
                level /= n_slots
                place = seen[0] % window
                for i in range(last, b):
                    ratio = min(cap, intensity[i] / level)
                    if seen[0] >= window:
                        total[slot[i]] -= ring[place, slot[i]]
                    ring[place, slot[i]] = ratio
                    total[slot[i]] += ratio
                seen[0] += 1
        if seen[0] >= min_sessions:
            for k in range(n_slots):
                curve[k] = total[k]
            curve /= curve.mean()
        until = b
        while until < end and session[until] == session[b]:
            out[until] = curve[slot[until]]
            until += 1
        b = until
