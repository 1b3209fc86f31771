"""Forecasts of several experts combined online: each counts by how well it did so far."""

from math import exp, log
from typing import NamedTuple

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.kernel import kernel


class ExpertArrays(NamedTuple):
    """What the walk fills and carries on; B rows, N experts.

    `weights` (B, N) add up to one in each row, or are NaN where no expert has a forecast; `combined` (B,) is
    the weighted geometric mean, where it was asked for. `prior` and `loss` (N,) are the logs of the weights
    at the beginning, and the losses so far. `tally` (2,) has the losses of the combination and the sum of the
    squared spreads of the experts' losses.
    """

    weights: FloatArray
    combined: FloatArray
    prior: FloatArray
    loss: FloatArray
    tally: FloatArray


def empty_experts(rows: int, prior: FloatArray) -> ExpertArrays:
    """Return the state before the first row.

    Parameters
    ----------
    prior : FloatArray, shape (N,)
        Weights at the beginning, which add up to one.
    """
    experts = len(prior)
    return ExpertArrays(
        weights=np.full((rows, experts), np.nan),
        combined=np.full(rows, np.nan),
        prior=np.log(prior),
        loss=np.zeros(experts),
        tally=np.zeros(2),
    )


@kernel(error_model="numpy")
def expert_walk_nb(
    begin: int,
    end: int,
    variance: FloatArray,
    realized: FloatArray,
    rate: float,
    bound: float,
    reads_own: bool,
    state: ExpertArrays,
) -> None:
    """Weigh the experts in the rows from `begin` to `end`, each after learning the row before it.

    An expert's weight is its prior times exp(-rate * its loss so far), the exponentially weighted average
    forecaster (Cesa-Bianchi and Lugosi 2006, section 2.2). The loss is QLIKE against what was realized, held
    within a factor of `bound` of the combination: one bad print decides nothing. An expert without a forecast
    sleeps: it has no weight, and is charged what the combination is (Freund et al. 1997).

    Parameters
    ----------
    variance : FloatArray, shape (B, N)
        Forecasts; NaN is none. Of row ``end - 1`` and later nothing is read but with `reads_own`.
    realized : FloatArray, shape (B,)
        Rows before ``end - 1`` are read; one that is not positive teaches nothing.
    reads_own : bool
        Leave out, in each row, experts that have no forecast there, and combine the others.
    """
    experts = variance.shape[1]
    for row in range(begin, end):
        if row > 0:
            _learn_nb(row - 1, variance, realized, bound, state)
        top = -np.inf
        for i in range(experts):
            if not reads_own or variance[row, i] > 0:
                top = max(top, state.prior[i] - rate * state.loss[i])
        if top == -np.inf:
            continue
        total, mean = 0.0, 0.0
        for i in range(experts):
            weight = 0.0
            if not reads_own or variance[row, i] > 0:
                weight = exp(state.prior[i] - rate * state.loss[i] - top)
            state.weights[row, i] = weight
            total += weight
            if reads_own and weight > 0:
                mean += weight * log(variance[row, i])
        for i in range(experts):
            state.weights[row, i] /= total
        if reads_own:
            state.combined[row] = exp(mean / total)


@kernel(error_model="numpy")
def _learn_nb(
    row: int, variance: FloatArray, realized: FloatArray, bound: float, state: ExpertArrays
) -> None:
    """Charge every expert its loss in `row`."""
    if not realized[row] > 0 or np.isnan(state.weights[row, 0]):
        return
    mean = 0.0
    for i in range(variance.shape[1]):
        weight = state.weights[row, i]
        if weight > 0:
            if not variance[row, i] > 0:
                return
            mean += weight * log(variance[row, i])
    ratio = min(max(realized[row] / exp(mean), 1.0 / bound), bound)
    own = ratio - log(ratio) - 1.0
    seen = ratio * exp(mean)
    least, most = np.inf, -np.inf
    for i in range(variance.shape[1]):
        if variance[row, i] > 0:
            ratio = seen / variance[row, i]
            loss = ratio - log(ratio) - 1.0
            least, most = min(least, loss), max(most, loss)
        else:
            loss = own
        state.loss[i] += loss
    state.tally[0] += own
    state.tally[1] += (most - least) ** 2
