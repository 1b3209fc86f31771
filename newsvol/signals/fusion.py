"""Fusion: one volatility forecast from HAR and the news.

Both forms are fitted walk-forward on the HAR forecast's own errors and leave it exactly as it was on a tape
without headlines.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.signals.experts_nb import empty_experts, expert_walk_nb
from newsvol.signals.news.features import CHANNELS
from newsvol.signals.ridge_nb import empty_ridge, ridge_walk_nb
from newsvol.signals.volatility.har import WINDOW
from newsvol.signals.volatility.trailing import Totals

FusionForm = Literal["log_linear", "weighted_sum", "none"]

RIDGE, WEIGHT = 100.0, 0.2
"""Rows of evidence for no effect of the news, and its share in a weighted sum."""

MAX_LOG_EFFECT = 1.5
"""News moves a variance by at most a factor of e^1.5 = 4.5 up or down."""

GATE_PRIOR, GATE_RATE, GATE_BOUND = 0.1, 2.0, 4.0
"""What the news weighs before it has shown anything, how fast that is learnt per unit of QLIKE, and the
factor of the forecast within which what was realized is held for it."""


class Fusion(Protocol):
    """A fitted fusion: applied to any tick, given the bucket that the tick forecasts."""

    def fuse(self, bucket: IntArray, variance: FloatArray, features: FloatArray) -> FloatArray:
        """Return the fused variance of each tick, shape (Q,).

        Parameters
        ----------
        bucket : IntArray, shape (Q,)
            The bucket that each tick forecasts; coefficients were fitted on buckets before it.
        variance : FloatArray, shape (Q,)
            HAR's forecast of that bucket.
        features : FloatArray, shape (Q, K)
            News features known at the tick.
        """
        ...


@dataclass(frozen=True)
class FusionConfig:
    """How HAR and news are joined.

    Attributes
    ----------
    form : {"log_linear", "weighted_sum", "none"}
    ridge : float
        Shrinkage, in rows of evidence for no effect.
    weight : float
        Share of the news term in ``weighted_sum``.
    gate : bool
        Let the news in as far as it has paid so far.
    min_rows, window : int
        Rows before the first fit, and rows of the rolling window.
    """

    form: FusionForm = "log_linear"
    ridge: float = RIDGE
    weight: float = WEIGHT
    gate: bool = True
    min_rows: int = 100
    window: int = WINDOW

    def __post_init__(self) -> None:
        if self.form not in get_args(FusionForm):
            raise InputError(f"fusion form {self.form!r} is none of: {', '.join(get_args(FusionForm))}")
        if not (self.ridge > 0 and 0 <= self.weight <= 1 and 1 < self.min_rows <= self.window):
            raise InputError("fusion needs ridge > 0, 0 <= weight <= 1 and 1 < min_rows <= window")


@dataclass(frozen=True)
class LogLinear:
    """variance = HAR * exp(beta . (N - mean N)), a ridge on ln(RV / HAR).

    `beta`, `centre` : FloatArray, shape (B, K). HAR's own constant already holds the average news day, so
    the features are centred: quiet hours are forecast lower, busy ones higher.
    """

    beta: FloatArray
    centre: FloatArray

    def fuse(self, bucket: IntArray, variance: FloatArray, features: FloatArray) -> FloatArray:
        """See `Fusion.fuse`."""
        # added up column by column: the same to the bit for one tick and for all of them
        effect = np.zeros(len(variance))
        for column in range(features.shape[1]):
            centred = features[:, column] - self.centre[bucket, column]
            effect += self.beta[bucket, column] * centred
        return np.asarray(variance * np.exp(np.clip(effect, -MAX_LOG_EFFECT, MAX_LOG_EFFECT)))


@dataclass(frozen=True)
class WeightedSum:
    """sigma = (1 - w) sigma_HAR + w n, n the news intensity on the volatility scale.

    n = sigma_HAR (1 + spread * standardised |score| intensity), with mean, deviation and spread (the
    deviation of sigma / sigma_HAR) from the past only; shape (B,) each. Rows without a past leave HAR alone.
    """

    weight: float
    column: int
    mean: FloatArray
    deviation: FloatArray
    spread: FloatArray

    def fuse(self, bucket: IntArray, variance: FloatArray, features: FloatArray) -> FloatArray:
        """See `Fusion.fuse`."""
        deviation = self.deviation[bucket]
        live = deviation > 0
        standard = (features[:, self.column] - self.mean[bucket]) / np.where(live, deviation, 1.0)
        news = np.maximum(1.0 + self.spread[bucket] * standard, 0.1)
        factor = np.where(live, 1.0 - self.weight + self.weight * news, 1.0)
        # after a past that was all but silent the first headline is any number of deviations away
        bound = np.exp(MAX_LOG_EFFECT)
        return np.asarray(variance * np.clip(factor**2, 1.0 / bound, bound))


@dataclass(frozen=True)
class HarAlone:
    """No fusion: HAR as it is."""

    def fuse(self, bucket: IntArray, variance: FloatArray, features: FloatArray) -> FloatArray:
        """Return `variance`."""
        return variance


@dataclass(frozen=True)
class Gated:
    """Another fusion, let in as far as it has paid: variance = HAR * (fused / HAR)^w.

    `weights` : FloatArray, shape (B, 2), of HAR alone and of the fused forecast, learnt online from their
    QLIKE at the beginnings of the buckets before (`experts_nb.expert_walk_nb`).
    """

    inner: LogLinear | WeightedSum
    weights: FloatArray

    def fuse(self, bucket: IntArray, variance: FloatArray, features: FloatArray) -> FloatArray:
        """See `Fusion.fuse`."""
        fused = self.inner.fuse(bucket, variance, features)
        moved = (variance > 0) & (fused != variance)
        ratio = np.where(moved, fused, 1.0) / np.where(moved, variance, 1.0)
        return np.asarray(variance * np.exp(self.weights[bucket, 1] * np.log(ratio)))


class FusionWalk:
    """A fusion as it is fitted, bucket by bucket or all at once, to the same bits.

    Parameters
    ----------
    config : FusionConfig
    capacity : int
        Buckets that it can hold.
    width : int
        News features, half-lives x channels.

    Attributes
    ----------
    fusion : Fusion
        Fitted as far as the walk has come.
    """

    def __init__(self, config: FusionConfig, capacity: int, width: int) -> None:
        self.fusion: Fusion = HarAlone()
        self._config, self._rows = config, 0
        if config.form == "none" or width == 0:
            return
        self._fitted = self._empty(capacity, width)
        self.fusion = self._fitted
        if config.gate:
            self._pair = np.full((capacity, 2), np.nan)
            self._gate = empty_experts(capacity, np.array([1.0 - GATE_PRIOR, GATE_PRIOR]))
            self.fusion = Gated(self._fitted, self._gate.weights)

    def _empty(self, capacity: int, width: int) -> LogLinear | WeightedSum:
        if self._config.form == "log_linear":
            self._error = np.full(capacity, np.nan)
            self._ridge = empty_ridge(capacity, width)
            return LogLinear(self._ridge.beta, self._ridge.centre)
        half_lives = width // len(CHANNELS)
        # the second half-life is an hour, by default
        column = min(1, half_lives - 1) * len(CHANNELS) + CHANNELS.index("abs_score")
        self._news, self._ratio = _PastMoments(capacity), _PastMoments(capacity)
        mean, deviation, spread = np.zeros(capacity), np.zeros(capacity), np.zeros(capacity)
        return WeightedSum(self._config.weight, column, mean, deviation, spread)

    def extend(self, end: int, variance: FloatArray, realized: FloatArray, features: FloatArray) -> None:
        """Fit the rows from where the last call ended to `end`, each on the rows before it.

        Parameters
        ----------
        variance, realized : FloatArray, shape (B,)
            Rows before ``end - 1`` are read.
        features : FloatArray, shape (B, K)
            The same rows.
        """
        begin, self._rows = self._rows, end
        if isinstance(self.fusion, HarAlone):
            return
        ended = slice(max(begin - 1, 0), end - 1)
        self._fit(begin, end, ended, variance, realized, features)
        if isinstance(self.fusion, Gated):
            rows = np.arange(ended.start, ended.stop)
            self._pair[ended, 0] = variance[ended]
            self._pair[ended, 1] = self._fitted.fuse(rows, variance[ended], features[ended])
            expert_walk_nb(begin, end, self._pair, realized, GATE_RATE, GATE_BOUND, False, self._gate)

    def _fit(
        self,
        begin: int,
        end: int,
        ended: slice,
        variance: FloatArray,
        realized: FloatArray,
        features: FloatArray,
    ) -> None:
        fitted, config = self._fitted, self._config
        usable = np.isfinite(variance[ended]) & (variance[ended] > 0) & (realized[ended] > 0)
        ratio = np.where(usable, realized[ended], 1.0) / np.where(usable, variance[ended], 1.0)
        if isinstance(fitted, LogLinear):
            self._error[ended] = np.where(usable, np.log(ratio), np.nan)
            ridge_walk_nb(
                begin,
                end,
                features,
                self._error,
                config.min_rows,
                config.window,
                config.ridge,
                self._ridge,
            )
            return
        rows = slice(begin, end)
        news = np.where(usable, features[ended, fitted.column], np.nan)
        fitted.mean[rows], fitted.deviation[rows] = self._news.extend(news, rows, config.min_rows)
        spread = np.where(usable, np.sqrt(ratio), np.nan)
        _, fitted.spread[rows] = self._ratio.extend(spread, rows, config.min_rows)


def news_weight(fusion: Fusion) -> FloatArray | None:
    """Return how far the news was let in for each bucket, shape (B,); None where there is no gate."""
    return fusion.weights[:, 1] if isinstance(fusion, Gated) else None


def fit_fusion(
    config: FusionConfig, variance: FloatArray, realized: FloatArray, features: FloatArray
) -> Fusion:
    """Walk the fusion forward over the buckets.

    Parameters
    ----------
    variance, realized : FloatArray, shape (B,)
        HAR's forecast and the realized variance of each bucket.
    features : FloatArray, shape (B, K)
        News features as they were known when each bucket was forecast, K = half-lives x channels.

    Notes
    -----
    Causal: what is fitted for bucket b uses `realized` of buckets before b.
    """
    walk = FusionWalk(config, *features.shape)
    walk.extend(len(features), variance, realized, features)
    return walk.fusion


class _PastMoments:
    """Mean and deviation of what came before, 0 below a number of rows; missing ones count nothing."""

    def __init__(self, capacity: int) -> None:
        self._values, self._squares = Totals(capacity), Totals(capacity)

    def extend(self, ended: FloatArray, rows: slice, min_rows: int) -> tuple[FloatArray, FloatArray]:
        self._values.add(ended)
        self._squares.add(ended**2)
        mean = self._values.means(rows.stop, rows.start, rows.stop, min_rows)
        square = self._squares.means(rows.stop, rows.start, rows.stop, min_rows)
        enough = np.isfinite(mean)
        variance = np.where(enough, square - mean**2, 0.0)
        return np.where(enough, mean, 0.0), np.sqrt(np.maximum(variance, 0.0))
