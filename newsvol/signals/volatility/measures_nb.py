"""Realized measures of every bucket in one pass over the bars."""

from typing import NamedTuple

import numpy as np

from newsvol.engine.arrays import NS_PER_MINUTE, FloatArray, IntArray
from newsvol.engine.kernel import kernel

N_MEASURES = 12

GRIDS = 5
"""Grids on which the coarser returns are taken: each starts at another bar."""

RECENT_NS = 20 * NS_PER_MINUTE


class BarArrays(NamedTuple):
    """Columns of the bars, shape (T,), as in `BarFrame`; none of them is open when a session opens."""

    open_ns: IntArray
    close_ns: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray


@kernel(error_model="numpy")
def realized_measures_nb(
    bars: BarArrays,
    bucket_open_ns: IntArray,
    bucket_close_ns: IntArray,
    bucket_session: IntArray,
    bucket_gap_ns: IntArray,
) -> FloatArray:
    """Return (B, 12) in the order of `measures.RealizedMeasures`.

    n_obs, RV, BV, RS+, RS-, RQ, realized range, subsampled RV, recent RV, Garman-Klass, Parkinson, covered.

    A bar belongs to the bucket in which it ends. A return that spans a silence longer than
    `bucket_gap_ns` is left out: the first one after it starts at its bar's open, as a session's first one
    does. What no return spans is not covered.
    """
    bar_open_ns, bar_close_ns, open_, high, low, close = bars
    n_bars, n_buckets = len(bar_close_ns), len(bucket_open_ns)
    out = np.zeros((n_buckets, N_MEASURES))
    half_pi = np.pi / 2.0
    range_scale = 1.0 / (4.0 * np.log(2.0))
    body_scale = 2.0 * np.log(2.0) - 1.0
    past = np.zeros(GRIDS)
    i = 0
    previous = np.nan
    since = np.int64(0)
    session = np.int64(-1)
    for b in range(n_buckets):
        if bucket_session[b] != session:
            session = bucket_session[b]
            previous = np.nan
            since = bucket_open_ns[b]
        gap = bucket_gap_ns[b]
        covered = np.int64(0)
        while i < n_bars and bar_close_ns[i] <= bucket_open_ns[b]:
            i += 1
        last_abs = np.nan
        n_obs, rv, bv, rs_up, rs_down, rq, rr = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        coarse, path, recent, n_recent = 0.0, 0.0, 0.0, 0.0
        place = 0
        recent_ns = bucket_close_ns[b] - RECENT_NS
        first, highest, lowest = np.nan, 0.0, np.inf
        while i < n_bars and bar_close_ns[i] <= bucket_close_ns[b]:
            # The overnight return is no part of the target: a session's first return starts at its open.
            follows = bar_close_ns[i] - since <= gap
            base = previous if follows and not np.isnan(previous) else open_[i]
            begun = since if follows else bar_open_ns[i]
            covered += bar_close_ns[i] - max(begun, bucket_open_ns[b])
            since = bar_close_ns[i]
            r = np.log(close[i] / base)
            span = np.log(high[i] / low[i])
            squared = r * r
            n_obs += 1.0
            rv += squared
            rq += squared * squared
            rr += span * span
            if r > 0.0:
                rs_up += squared
            else:
                rs_down += squared
            if not np.isnan(last_abs):
                bv += abs(r) * last_abs
            last_abs = abs(r)
            if n_obs == 1.0:
                first = open_[i]
            highest = max(highest, high[i])
            lowest = min(lowest, low[i])
            if bar_close_ns[i] > recent_ns:
                recent += squared
                n_recent += 1.0
            # `past` is a ring of the log prices of the last five bars, from the bucket's start
            past[place] = path
            place = place + 1 if place + 1 < GRIDS else 0
            path += r
            if n_obs >= GRIDS:
                step = path - past[place]
                coarse += step * step
            previous = close[i]
            i += 1
        if bucket_close_ns[b] - since <= gap:
            covered += bucket_close_ns[b] - max(since, bucket_open_ns[b])
        out[b, 0] = n_obs
        out[b, 1] = rv
        out[b, 2] = half_pi * bv * (n_obs / (n_obs - 1.0)) if n_obs > 1.0 else rv
        out[b, 3] = rs_up
        out[b, 4] = rs_down
        out[b, 5] = n_obs / 3.0 * rq
        out[b, 6] = range_scale * rr
        # each grid misses its edges: what is there is scaled to the whole bucket
        out[b, 7] = coarse / GRIDS * (n_obs / (n_obs - GRIDS + 1.0)) if n_obs >= GRIDS else rv
        out[b, 8] = recent * (n_obs / n_recent) if n_recent > 0.0 else np.nan
        span, body = np.log(highest / lowest), np.log(previous / first)
        out[b, 9] = 0.5 * span * span - body_scale * body * body
        out[b, 10] = range_scale * span * span
        out[b, 11] = covered / (bucket_close_ns[b] - bucket_open_ns[b])
    return out


@kernel(error_model="numpy")
def truncated_measures_nb(
    bars: BarArrays,
    bucket_open_ns: IntArray,
    bucket_close_ns: IntArray,
    bucket_session: IntArray,
    bucket_gap_ns: IntArray,
    threshold: float,
) -> FloatArray:
    """Return (B, 2): truncated RV and RQ, of the returns of `realized_measures_nb` that are not outliers.

    An outlier is more than `threshold` times the median |r| of its bucket; where that is zero there is none.
    What is left is scaled to all returns.
    """
    n_bars, n_buckets = len(bars.close_ns), len(bucket_open_ns)
    out = np.zeros((n_buckets, 2))
    i = 0
    previous = np.nan
    since = np.int64(0)
    session = np.int64(-1)
    for b in range(n_buckets):
        if bucket_session[b] != session:
            session = bucket_session[b]
            previous = np.nan
            since = bucket_open_ns[b]
        while i < n_bars and bars.close_ns[i] <= bucket_open_ns[b]:
            i += 1
        end = i
        while end < n_bars and bars.close_ns[end] <= bucket_close_ns[b]:
            end += 1
        sizes = np.empty(end - i)
        for place in range(end - i):
            bar = i + place
            follows = bars.close_ns[bar] - since <= bucket_gap_ns[b] and not np.isnan(previous)
            base = previous if follows else bars.open[bar]
            sizes[place] = abs(np.log(bars.close[bar] / base))
            previous, since = bars.close[bar], bars.close_ns[bar]
        n_obs, i = end - i, end
        if n_obs == 0:
            continue
        middle = np.median(sizes)
        bound = threshold * middle if middle > 0.0 else np.inf
        kept, rv, rq = 0, 0.0, 0.0
        for size in sizes:
            if size <= bound:
                kept += 1
                rv += size**2
                rq += size**4
        out[b, 0] = rv * n_obs / kept
        out[b, 1] = n_obs / 3.0 * rq * n_obs / kept
    return out
