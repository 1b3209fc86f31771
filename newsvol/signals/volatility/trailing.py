"""Means of what came before."""

import numpy as np

from newsvol.engine.arrays import FloatArray


def trailing_mean(values: FloatArray, rows: int, least: float = 1.0) -> FloatArray:
    """Return the mean of the finite values among the `rows` rows before each row, shape of `values`.

    Causal: a row's own value is not in its mean.

    Parameters
    ----------
    least : float
        NaN where fewer finite values than this are among them.
    """
    known = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    now = np.arange(len(values))
    begin = np.maximum(now - rows, 0)
    seen = count[now] - count[begin]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(seen >= least, (total[now] - total[begin]) / seen, np.nan)
