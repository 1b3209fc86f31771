"""Recursions behind regression columns; each carries its state on, so that a column can grow."""

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.kernel import kernel


@kernel
def bounded_nb(values: FloatArray, factor: float, span: float, mean: FloatArray) -> FloatArray:
    """Return `values` kept within `factor` of their own trailing mean; NaN where they are not positive.

    The mean is exponential over `span` values, of what was kept: one bad print moves it a little, a new
    level soon. Row b reads rows up to b. `mean` (1,) is carried on: NaN before the first value.
    """
    out = values.copy()
    for i in range(len(values)):
        if not values[i] > 0.0:
            out[i] = np.nan
            continue
        if np.isnan(mean[0]):
            mean[0] = values[i]
        out[i] = min(max(values[i], mean[0] / factor), mean[0] * factor)
        mean[0] += (out[i] - mean[0]) / span
    return out


@kernel
def above_usual_nb(
    values: FloatArray, slot: IntArray, half_life: float, total: FloatArray, weight: FloatArray
) -> FloatArray:
    """Return each value less the trailing mean of its slot, an exponential one of that half-life in sessions.

    Row b reads rows up to b; a slot's first value, and a missing one, are at 0. `total` and `weight`, one a
    slot, are carried on: 0 before the first value.
    """
    out = np.zeros(len(values))
    keep = 0.5 ** (1.0 / half_life)
    for i in range(len(values)):
        k = slot[i]
        if not np.isfinite(values[i]):
            continue
        if weight[k] > 0.0:
            out[i] = values[i] - total[k] / weight[k]
        total[k] = keep * total[k] + values[i]
        weight[k] = keep * weight[k] + 1.0
    return out
