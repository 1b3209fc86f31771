"""Realized measures in plain Python: the twin that the kernel is tested against."""

import math
from itertools import pairwise

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.frames import BarFrame
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.measures_nb import GRIDS, RECENT_NS


def realized_measures_python(bars: BarFrame, buckets: BucketFrame) -> FloatArray:
    """Return (B, 7), the first columns of `measures_nb.realized_measures_nb`, written for reading."""
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


def range_measures_python(bars: BarFrame, buckets: BucketFrame) -> FloatArray:
    """Return (B, 4): subsampled RV, recent RV, Garman-Klass, Parkinson; the kernel's last four columns."""
    rows = []
    for b in range(len(buckets)):
        today = bars.open_ns >= buckets.open_ns[buckets.session == buckets.session[b]].min()
        inside = np.flatnonzero(
            today & (bars.close_ns > buckets.open_ns[b]) & (bars.close_ns <= buckets.close_ns[b])
        )
        if len(inside) == 0:
            rows.append([math.nan] * 4)
            continue
        earlier = np.flatnonzero(today & (bars.close_ns <= buckets.open_ns[b]))
        start = bars.close[earlier[-1]] if len(earlier) else bars.open[inside[0]]
        path = np.log(np.concatenate([[start], bars.close[inside]]))
        squared = np.diff(path) ** 2
        n = len(squared)
        coarse = [np.sum(np.diff(path[grid::GRIDS]) ** 2) for grid in range(GRIDS)]
        recent = squared[bars.close_ns[inside] > buckets.close_ns[b] - RECENT_NS]
        span = math.log(bars.high[inside].max() / bars.low[inside].min())
        body = math.log(bars.close[inside[-1]] / bars.open[inside[0]])
        rows.append(
            [
                sum(coarse) / GRIDS * n / (n - GRIDS + 1) if n >= GRIDS else squared.sum(),
                recent.mean() * n if len(recent) else math.nan,
                span**2 / 2 - (2 * math.log(2) - 1) * body**2,
                span**2 / (4 * math.log(2)),
            ]
        )
    return np.array(rows, dtype=np.float64).reshape(len(buckets), 4)
