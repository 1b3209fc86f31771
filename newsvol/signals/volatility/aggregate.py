"""Several forecasters as one, each weighed by its own past: no choice that only hindsight could make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.signals.experts_nb import ExpertArrays, empty_experts, expert_walk_nb
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.contract import live_step, make_forecaster
from newsvol.signals.volatility.exogenous import ExogenousColumn
from newsvol.signals.volatility.har import MIN_WINDOW, WINDOW
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.prior import Prior
from newsvol.signals.volatility.protocol import FORECASTERS, Forecaster, ForecastStep, WithPrior
from newsvol.signals.volatility.schedule import Schedule

EXPERTS: Final = ("diurnal-ewma", "har", "log-har-p", "log-har-p-events", "har-blend-events")
"""One of each kind: naive, in levels, in logs, with events, and the blend."""

RATE: Final = 1.0
"""Learning rate per unit of QLIKE."""

BOUND: Final = 4.0
"""For learning, what was realized counts as no more than so many times what was forecast, and no less than
that part of it."""


@dataclass(frozen=True)
class Combination:
    """What the experts were weighed, and what came of it; B rows, N experts.

    Attributes
    ----------
    names : tuple of str
    weights : FloatArray, shape (B, N)
        NaN where no expert has a forecast.
    variance : FloatArray, shape (B,)
    loss : FloatArray, shape (N,)
        Of each expert in all, as it was learnt.
    own_loss : float
        Of the combination in all.
    regret_bound : float
        `own_loss` exceeds the least of `loss` by no more: ln N / rate + rate / 8 times the sum of the squared
        spreads of the experts' losses (Hoeffding's lemma in each row, Cesa-Bianchi and Lugosi 2006, section
        2.2). QLIKE is convex in the log of the forecast, so the geometric mean loses no more than the mean.
    """

    names: tuple[str, ...]
    weights: FloatArray
    variance: FloatArray
    loss: FloatArray
    own_loss: float
    regret_bound: float

    @property
    def regret(self) -> float:
        """How much more was lost than by the expert that was best, with hindsight."""
        return self.own_loss - float(self.loss.min())


@dataclass(frozen=True)
class Aggregate:
    """The geometric mean of several forecasters, weighed online by their past QLIKE.

    Parameters
    ----------
    experts : mapping of str to Forecaster
    rate, bound : float
        See `RATE` and `BOUND`.
    """

    experts: Mapping[str, Forecaster]
    rate: float = RATE
    bound: float = BOUND

    def forecast(self, history: VolHistory) -> FloatArray:
        """See `Forecaster.forecast`."""
        return self.combine(history).variance

    def combine(self, history: VolHistory) -> Combination:
        """Return the forecast with the weights that made it."""
        variance = np.stack([expert.forecast(history) for expert in self.experts.values()], axis=1)
        state = self._empty(len(variance))
        self._extend(0, len(variance), variance, history.measures.rv, state)
        return Combination(
            names=tuple(self.experts),
            weights=state.weights,
            variance=state.combined,
            loss=state.loss.copy(),
            own_loss=float(state.tally[0]),
            regret_bound=float(np.log(len(self.experts)) / self.rate + self.rate / 8 * state.tally[1]),
        )

    def prior_share(self, history: VolHistory) -> FloatArray:
        """See `WithPrior.prior_share`: that of each expert, by its weight."""
        weights = np.nan_to_num(self.combine(history).weights)
        nothing = np.zeros(len(weights))
        shares = [
            expert.prior_share(history) if isinstance(expert, WithPrior) else nothing
            for expert in self.experts.values()
        ]
        return np.asarray((weights * np.stack(shares, axis=1)).sum(axis=1))

    def live(self, buckets: BucketFrame) -> "AggregateStep":
        """See `LiveForecaster.live`."""
        steps = [live_step(name, expert, buckets) for name, expert in self.experts.items()]
        return AggregateStep(self, steps, len(buckets))

    def _empty(self, rows: int) -> ExpertArrays:
        return empty_experts(rows, np.full(len(self.experts), 1.0 / len(self.experts)))

    def _extend(
        self, begin: int, end: int, variance: FloatArray, realized: FloatArray, state: ExpertArrays
    ) -> None:
        expert_walk_nb(begin, end, variance, realized, self.rate, self.bound, True, state)


class AggregateStep:
    """The experts between two buckets, and what they are weighed.

    Parameters
    ----------
    aggregate : Aggregate
    steps : sequence of ForecastStep
        Of the experts, in their order.
    rows : int
        Buckets that will come.
    """

    def __init__(self, aggregate: Aggregate, steps: Sequence[ForecastStep], rows: int) -> None:
        self._aggregate, self._steps = aggregate, steps
        self._variance = np.full((rows, len(steps)), np.nan)
        self._state = aggregate._empty(rows)

    def step(self, history: VolHistory) -> float:
        """See `ForecastStep.step`."""
        row = len(history.buckets) - 1
        self._variance[row] = [step.step(history) for step in self._steps]
        self._aggregate._extend(row, row + 1, self._variance, history.measures.rv, self._state)
        return float(self._state.combined[row])


@FORECASTERS.add("aggregate")
def build_aggregate(
    window: int = WINDOW,
    min_window: int = MIN_WINDOW,
    schedule: Schedule | None = None,
    exogenous: ExogenousColumn | None = None,
    prior: Prior | None = None,
    outlier_bound: float | None = None,
) -> Aggregate:
    """Return the aggregate of `EXPERTS`, each with those of these settings that it takes."""
    settings = {
        "window": window,
        "min_window": min_window,
        "schedule": schedule,
        "exogenous": exogenous,
        "prior": prior,
        "outlier_bound": outlier_bound,
    }
    return Aggregate({name: make_forecaster(name, **settings) for name in EXPERTS})
