"""Trailing statistics that do not depend on where the column starts."""

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.kernel import kernel


@kernel
def trailing_median_nb(values: FloatArray, window: int, least: int) -> FloatArray:
    """Return the median of the finite values among the last `window`; NaN where fewer than `least` are.

    Parameters
    ----------
    values : FloatArray, shape (M,)
    window : int
        The row itself and the ones before it.
    least : int

    Notes
    -----
    Causal, and exact: an order statistic carries no running sum, so the result of a row is the same bits
    whether the column starts `window` rows before or at the beginning.
    """
    median = np.full(len(values), np.nan)
    ordered = np.empty(window + 1)
    count = 0
    for i in range(len(values)):
        if np.isfinite(values[i]):
            at = np.searchsorted(ordered[:count], values[i])
            for j in range(count, at, -1):
                ordered[j] = ordered[j - 1]
            ordered[at] = values[i]
            count += 1
        if i >= window and np.isfinite(values[i - window]):
            at = np.searchsorted(ordered[:count], values[i - window])
            count -= 1
            for j in range(at, count):
                ordered[j] = ordered[j + 1]
        if count >= least:
            middle = count // 2
            median[i] = ordered[middle] if count % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return median
