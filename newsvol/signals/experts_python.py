"""The combination of experts in plain NumPy: the twin that the kernel is tested against."""

import numpy as np

from newsvol.engine.arrays import FloatArray


def expert_walk_python(
    variance: FloatArray, realized: FloatArray, prior: FloatArray, rate: float, bound: float
) -> tuple[FloatArray, FloatArray]:
    """Return weights (B, N) and combination (B,), every row from all rows before it anew.

    The contract of `experts_nb.expert_walk_nb`, where it reads its own row.
    """
    weights, combined = np.full(variance.shape, np.nan), np.full(len(variance), np.nan)
    for b in range(len(variance)):
        loss = np.zeros(variance.shape[1])
        for a in range(b):
            if not realized[a] > 0 or np.isnan(combined[a]):
                continue
            seen = np.clip(realized[a], combined[a] / bound, combined[a] * bound)
            given = np.where(variance[a] > 0, variance[a], combined[a])
            loss += seen / given - np.log(seen / given) - 1
        awake = variance[b] > 0
        if awake.any():
            power = np.where(awake, np.log(prior) - rate * loss, -np.inf)
            weights[b] = np.exp(power - power.max()) / np.exp(power - power.max()).sum()
            combined[b] = np.exp(weights[b, awake] @ np.log(variance[b, awake]))
    return weights, combined
