"""Recursions behind regression columns."""

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.kernel import kernel


@kernel
def bounded_nb(values: FloatArray, factor: float, span: float) -> FloatArray:
    """Return `values` kept within `factor` of their own trailing mean; NaN where they are not positive.

    The mean is exponential over `span` values, of what was kept: one bad print moves it a little, a new
    level soon. Row b reads rows up to b.
    """
    out = values.copy()
    mean = np.nan
    for i in range(len(values)):
        if not values[i] > 0.0:
            out[i] = np.nan
            continue
        if np.isnan(mean):
            mean = values[i]
        out[i] = min(max(values[i], mean / factor), mean * factor)
        mean += (out[i] - mean) / span
    return out


@kernel
def above_usual_nb(values: FloatArray, slot: IntArray, n_slots: int, half_life: float) -> FloatArray:
    """Return each value less the trailing mean of its slot, an exponential one of that half-life in sessions.

    Row b reads rows up to b; a slot's first value, and a missing one, are at 0.
    """
    out = np.zeros(len(values))
    keep = 0.5 ** (1.0 / half_life)
    total = np.zeros(n_slots)
    weight = np.zeros(n_slots)
    for i in range(len(values)):
        k = slot[i]
        if not np.isfinite(values[i]):
            continue
        if weight[k] > 0.0:
            out[i] = values[i] - total[k] / weight[k]
        total[k] = keep * total[k] + values[i]
        weight[k] = keep * weight[k] + 1.0
    return out
