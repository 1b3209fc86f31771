"""Which targets are sent, in plain Python: the twin that the kernel is tested against."""

from math import isnan

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray


def sent_rows_python(weight: FloatArray, rebalance_band: float) -> BoolArray:
    """Return which targets are sent; same contract as `orders_nb.sent_rows_nb`."""
    last, sent = 0.0, []
    for target in weight.tolist():
        opens_or_closes = 0.0 in (last, target)
        sends = (
            not isnan(target) and target != last and (opens_or_closes or abs(target - last) > rebalance_band)
        )
        last = target if sends else last
        sent.append(sends)
    return np.array(sent, dtype=np.bool_)
