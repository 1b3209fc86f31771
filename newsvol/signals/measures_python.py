"""Realized measures in plain Python: the twin that the kernel is tested against."""

import math
from itertools import pairwise

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.frames import BarFrame
from newsvol.signals.buckets import BucketFrame


def realized_measures_python(bars: BarFrame, buckets: BucketFrame) -> FloatArray:
    """Return (B, 7), same contract as `measures_nb.realized_measures_nb`, written for reading."""
    rows = []
    for b in range(len(buckets)):
        today = bars.open_ns >= buckets.open_ns[buckets.session == buckets.session[b]].min()
        ended = bars.close_ns <= buckets.open_ns[b]
        inside = np.flatnonzero(today & ~ended & (bars.close_ns <= buckets.close_ns[b]))
        earlier = np.flatnonzero(today & ended)
        base = (
            bars.close[earlier[-1]] if len(earlier) else (bars.open[inside[0]] if len(inside) else math.nan)
        )
        returns = []
        for i in inside:
            returns.append(math.log(bars.close[i] / base))
            base = bars.close[i]
        n = len(returns)
        rv = sum(r * r for r in returns)
        bipower = sum(abs(a) * abs(c) for a, c in pairwise(returns))
        rows.append(
            [
                n,
                rv,
                math.pi / 2 * bipower * n / (n - 1) if n > 1 else rv,
                sum(r * r for r in returns if r > 0),
                sum(r * r for r in returns if r <= 0),
                n / 3 * sum(r**4 for r in returns),
                sum(math.log(bars.high[i] / bars.low[i]) ** 2 for i in inside) / (4 * math.log(2)),
            ]
        )
    return np.array(rows, dtype=np.float64).reshape(len(buckets), 7)
