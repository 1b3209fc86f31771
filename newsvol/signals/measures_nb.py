"""Realized measures of every bucket in one pass over the bars."""

import numpy as np
from numba import njit

from newsvol.engine.arrays import FloatArray, IntArray

N_MEASURES = 7


@njit(cache=True)
def realized_measures_nb(
    bar_close_ns: IntArray,
    open_: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    bucket_open_ns: IntArray,
    bucket_close_ns: IntArray,
    bucket_session: IntArray,
) -> FloatArray:
    """Return (B, 7): n_obs, RV, BV, RS+, RS-, RQ, realized range; see `measures.RealizedMeasures`.

    A bar belongs to the bucket in which it ends, and `bars` holds none that is open when a session opens.
    """
    n_bars, n_buckets = len(bar_close_ns), len(bucket_open_ns)
    out = np.zeros((n_buckets, N_MEASURES))
    half_pi = np.pi / 2.0
    range_scale = 1.0 / (4.0 * np.log(2.0))
    i = 0
    previous = np.nan
    session = np.int64(-1)
    for b in range(n_buckets):
        if bucket_session[b] != session:
            session = bucket_session[b]
            previous = np.nan
        while i < n_bars and bar_close_ns[i] <= bucket_open_ns[b]:
            i += 1
        last_abs = np.nan
        n_obs, rv, bv, rs_up, rs_down, rq, rr = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        while i < n_bars and bar_close_ns[i] <= bucket_close_ns[b]:
            # The overnight return is no part of the target: a session's first return starts at its open.
            base = open_[i] if np.isnan(previous) else previous
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
            previous = close[i]
            i += 1
        out[b, 0] = n_obs
        out[b, 1] = rv
        out[b, 2] = half_pi * bv * (n_obs / (n_obs - 1.0)) if n_obs > 1.0 else rv
        out[b, 3] = rs_up
        out[b, 4] = rs_down
        out[b, 5] = n_obs / 3.0 * rq
        out[b, 6] = range_scale * rr
    return out
