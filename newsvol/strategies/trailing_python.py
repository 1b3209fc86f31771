"""Trailing statistics in plain Python: the twins that the kernels are tested against."""

from math import isfinite
from statistics import median

import numpy as np

from newsvol.engine.arrays import FloatArray


def trailing_median_python(values: FloatArray, window: int, least: int) -> FloatArray:
    """Return the median of the last values; same contract as `trailing_nb.trailing_median_nb`."""
    rows, medians = values.tolist(), []
    for i in range(len(rows)):
        finite = [value for value in rows[max(0, i + 1 - window) : i + 1] if isfinite(value)]
        medians.append(median(finite) if len(finite) >= least else np.nan)
    return np.array(medians, dtype=np.float64)
