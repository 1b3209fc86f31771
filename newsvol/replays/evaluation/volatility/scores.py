"""Losses and tests of every model on the same buckets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray
from newsvol.engine.errors import InputError
from newsvol.replays.evaluation.statistics import (
    CONFIDENCE,
    DieboldMariano,
    MincerZarnowitz,
    diebold_mariano,
    mincer_zarnowitz,
    newey_west_lag,
)
from newsvol.replays.evaluation.volatility.forecasts import Lineup
from newsvol.replays.runs.schema import ModelKind
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.losses import forecast_losses, noise_floor_qlike, qlike

ConfidenceSet = Callable[[Mapping[str, FloatArray], int, int], dict[str, float]]
"""Takes losses by model, mean block and seed, and gives p-values."""


@dataclass(frozen=True)
class ModelScore:
    """One forecaster on the test span.

    Attributes
    ----------
    kind : {"naive", "har", "fused"}
    qlike, excess_qlike : float
        Mean QLIKE, and what of it is above the noise floor.
    qlike_99, qlike_median : float
        Mean QLIKE without the hundredth of the buckets in which this model loses most, and the median: a few
        bad prints can decide the mean.
    mse, r2_vol, r2_log : float
        On variance, volatility and log variance.
    vs_har_pct : float
        100 (qlike / qlike of `Scoreboard.baseline` - 1); negative is better.
    dm_har, dm_best : DieboldMariano
        Against the baseline, and against the naive forecast with the lowest QLIKE.
    mcs_p : float or None
        p-value in the Model Confidence Set; None where it was not run.
    mz : MincerZarnowitz
    """

    kind: ModelKind
    qlike: float
    excess_qlike: float
    qlike_99: float
    qlike_median: float
    mse: float
    r2_vol: float
    r2_log: float
    vs_har_pct: float
    dm_har: DieboldMariano
    dm_best: DieboldMariano
    mcs_p: float | None
    mz: MincerZarnowitz

    @property
    def in_set(self) -> bool | None:
        """Whether the model is in the 90% confidence set."""
        return None if self.mcs_p is None else self.mcs_p > 1 - CONFIDENCE


@dataclass(frozen=True)
class Scoreboard:
    """Every model, and what the tests were run with.

    Attributes
    ----------
    models : dict of name to ModelScore
        Naive ones first, then HAR, then fused.
    losses : dict of name to FloatArray, shape (n,)
        QLIKE of each scored bucket.
    baseline : str
        Raw HAR, or a naive forecast on a tape that is too short for it.
    best_naive : str
        The rival that `ModelScore.dm_best` is against: chosen with hindsight, in its own favour.
    noise_floor : float
        QLIKE that a perfect forecast would score.
    lag, block : int
        Newey-West lag, and mean block of the bootstrap, in buckets.
    notes : tuple of str
        What was left out, and why.
    """

    models: dict[str, ModelScore]
    losses: dict[str, FloatArray]
    baseline: str
    best_naive: str
    noise_floor: float
    lag: int
    block: int
    notes: tuple[str, ...]

    @property
    def best(self) -> str:
        """The forecaster with the lowest QLIKE."""
        return min(self.models, key=lambda name: self.models[name].qlike)


def score_models(
    history: VolHistory, lineup: Lineup, rows: BoolArray, seed: int, confidence_set: ConfidenceSet
) -> Scoreboard:
    """Score every model of `lineup` on `rows`.

    The Newey-West lag covers a session at least, since losses come back at the same time of day; the
    bootstrap draws blocks of two sessions on average.
    """
    realized = history.measures.rv[rows]
    forecasts = {name: variance[rows] for name, variance in lineup.variance.items()}
    losses = {name: qlike(realized, forecast) for name, forecast in forecasts.items()}
    naive = [name for name, kind in lineup.kind.items() if kind == "naive"]
    best_naive = min(naive, key=lambda name: losses[name].mean())
    slots = history.buckets.n_slots
    lag, block = newey_west_lag(len(realized), slots), max(2 * slots, 2)
    floor = noise_floor_qlike(history.measures.take(rows))
    notes: list[str] = []
    in_set: Mapping[str, float] = {}
    try:
        in_set = confidence_set(losses, block, seed)
    except InputError as error:
        notes.append(str(error))
    models, baseline = {}, lineup.baseline
    for name, loss in losses.items():
        plain = forecast_losses(realized, forecasts[name])
        models[name] = ModelScore(
            kind=lineup.kind[name],
            qlike=plain["qlike"],
            excess_qlike=plain["qlike"] - floor,
            qlike_99=_without_worst(loss),
            qlike_median=float(np.median(loss)),
            mse=plain["mse"],
            r2_vol=plain["r2_vol"],
            r2_log=plain["r2_log"],
            vs_har_pct=float(100 * (loss.mean() / losses[baseline].mean() - 1)),
            dm_har=diebold_mariano(losses[baseline], loss, lag),
            dm_best=diebold_mariano(losses[best_naive], loss, lag),
            mcs_p=in_set.get(name),
            mz=mincer_zarnowitz(realized, forecasts[name], lag),
        )
    assert np.isfinite([score.qlike for score in models.values()]).all()
    return Scoreboard(models, losses, baseline, best_naive, floor, lag, block, tuple(notes))


def _without_worst(loss: FloatArray) -> float:
    """Return the mean without the largest hundredth."""
    kept = np.sort(loss)[: len(loss) - len(loss) // 100]
    return float(kept.mean())
