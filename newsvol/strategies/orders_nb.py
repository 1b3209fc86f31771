"""The state that target weights carry forward: which of them are sent as orders."""

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray
from newsvol.engine.kernel import kernel


@kernel
def sent_rows_nb(weight: FloatArray, rebalance_band: float) -> BoolArray:
    """Return which targets are sent as orders; see `newsvol.strategies.orders.settle`.

    Parameters
    ----------
    weight : FloatArray, shape (M,)
        NaN keeps the last target.
    rebalance_band : float
    """
    sent = np.zeros(len(weight), dtype=np.bool_)
    last = 0.0
    for i in range(len(weight)):
        target = weight[i]
        if np.isnan(target) or target == last:
            continue
        if last == 0.0 or target == 0.0 or abs(target - last) > rebalance_band:
            sent[i] = True
            last = target
    return sent
