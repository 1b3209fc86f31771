"""The recursion behind the naive forecast."""

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.kernel import kernel


@kernel
def ewma_nb(values: FloatArray, decay: float) -> FloatArray:
    """Return the exponentially weighted mean up to each value, started at the first, shape of `values`.

    As ``scipy.signal.lfilter([1 - decay], [1, -decay], values)``, which takes a second to load.
    """
    out = np.empty_like(values)
    if len(values) == 0:
        return out
    mean = values[0]
    for i in range(len(values)):
        mean = (1.0 - decay) * values[i] + decay * mean
        out[i] = mean
    return out
