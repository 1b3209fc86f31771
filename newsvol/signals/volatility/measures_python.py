"""Realized measures in plain Python: the twin that the kernel is tested against."""

import math
from itertools import pairwise

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.frames import BarFrame
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.measures_nb import GRIDS, RECENT_NS


def realized_measures_python(bars: BarFrame, buckets: BucketFrame, gap_ns: IntArray) -> FloatArray:
    """Return (B, 7), the first columns of `measures_nb.realized_measures_nb`, written for reading.

    Parameters
    ----------
    gap_ns : IntArray, shape (B,)
        From what length on a silence is a gap.
    """
    rows = []
    for b in range(len(buckets)):
        inside, returns = _returns(bars, buckets, gap_ns, b)
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


def range_measures_python(bars: BarFrame, buckets: BucketFrame, gap_ns: IntArray) -> FloatArray:
    """Return (B, 4): subsampled RV, recent RV, Garman-Klass, Parkinson; the kernel's next four columns."""
    rows = []
    for b in range(len(buckets)):
        inside, returns = _returns(bars, buckets, gap_ns, b)
        if len(inside) == 0:
            rows.append([math.nan] * 4)
            continue
        path = np.concatenate([[0.0], np.cumsum(returns)])
        squared = np.square(returns)
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


def truncated_measures_python(
    bars: BarFrame, buckets: BucketFrame, gap_ns: IntArray, threshold: float
) -> FloatArray:
    """Return (B, 2): truncated RV and RQ, as `measures_nb.truncated_measures_nb` does."""
    rows = []
    for b in range(len(buckets)):
        _, returns = _returns(bars, buckets, gap_ns, b)
        sizes = np.abs(returns)
        middle = np.median(sizes) if len(sizes) else 0.0
        kept = sizes[sizes <= threshold * middle] if middle > 0 else sizes
        scale = len(sizes) / max(len(kept), 1)
        rows.append([scale * np.sum(kept**2), scale * len(sizes) / 3 * np.sum(kept**4)])
    return np.array(rows, dtype=np.float64).reshape(len(buckets), 2)


def covered_python(bars: BarFrame, buckets: BucketFrame, gap_ns: IntArray) -> FloatArray:
    """Return the share of each bucket that its returns span, shape (B,); the kernel's last column.

    Every moment between two closes belongs to the later one. It is covered, unless the two are further apart
    than `gap_ns`: then only the later bar itself is. A session's open counts as a close before the first bar,
    the bucket's end as one after the last.
    """
    shares = []
    for b in range(len(buckets)):
        begin, end = int(buckets.open_ns[b]), int(buckets.close_ns[b])
        session_open = int(buckets.open_ns[buckets.session == buckets.session[b]].min())
        inside = (bars.open_ns >= session_open) & (bars.close_ns <= end)
        closes = [session_open, *bars.close_ns[inside].tolist(), end]
        opens = [*bars.open_ns[inside].tolist(), end]
        covered = 0
        for (since, until), opened in zip(pairwise(closes), opens, strict=True):
            begun = since if until - since <= gap_ns[b] else opened
            covered += max(until - max(begun, begin), 0)
        shares.append(covered / (end - begin))
    return np.array(shares, dtype=np.float64)


def _returns(bars: BarFrame, buckets: BucketFrame, gap_ns: IntArray, b: int) -> tuple[IntArray, list[float]]:
    """Return the bars of bucket b and their returns, each from the close before, or the bar's own open."""
    today = bars.open_ns >= buckets.open_ns[buckets.session == buckets.session[b]].min()
    ended = bars.close_ns <= buckets.open_ns[b]
    inside = np.flatnonzero(today & ~ended & (bars.close_ns <= buckets.close_ns[b]))
    earlier = np.flatnonzero(today & ended)
    last = int(earlier[-1]) if len(earlier) else None
    returns = []
    for i in inside.tolist():
        follows = last is not None and bars.close_ns[i] - bars.close_ns[last] <= gap_ns[b]
        returns.append(math.log(bars.close[i] / (bars.close[last] if follows else bars.open[i])))
        last = i
    return inside, returns
