"""Fusion: one volatility forecast from HAR and the news.

Both forms are fitted walk-forward on the HAR forecast's own errors and leave it exactly as it was on a tape
without headlines.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.signals.news.features import CHANNELS
from newsvol.signals.ridge_nb import ridge_walk_nb
from newsvol.signals.volatility.har import WINDOW

FusionForm = Literal["log_linear", "weighted_sum", "none"]

RIDGE, WEIGHT = 100.0, 0.2
"""Rows of evidence for no effect of the news, and its share in a weighted sum."""

MAX_LOG_EFFECT = 1.5
"""News moves a variance by at most a factor of e^1.5 = 4.5 up or down."""


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
    min_rows, window : int
        Rows before the first fit, and rows of the rolling window.
    """

    form: FusionForm = "log_linear"
    ridge: float = RIDGE
    weight: float = WEIGHT
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
        effect = np.einsum("qk,qk->q", self.beta[bucket], features - self.centre[bucket])
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
    if config.form == "none" or features.shape[1] == 0:
        return HarAlone()
    usable = np.isfinite(variance) & (variance > 0) & (realized > 0)
    ratio = np.where(usable, realized, 1.0) / np.where(usable, variance, 1.0)
    if config.form == "log_linear":
        beta, centre = np.zeros_like(features), np.zeros_like(features)
        error = np.where(usable, np.log(ratio), np.nan)
        ridge_walk_nb(features, error, config.min_rows, config.window, config.ridge, beta, centre)
        return LogLinear(beta, centre)
    half_lives = features.shape[1] // len(CHANNELS)
    # the second half-life is an hour, by default
    column = min(1, half_lives - 1) * len(CHANNELS) + CHANNELS.index("abs_score")
    mean, deviation = _past_moments(features[:, column], usable, config.min_rows)
    _, spread = _past_moments(np.sqrt(ratio), usable, config.min_rows)
    return WeightedSum(config.weight, column, mean, deviation, spread)


def _past_moments(values: FloatArray, usable: BoolArray, min_rows: int) -> tuple[FloatArray, FloatArray]:
    """Return mean and deviation of the usable rows before each row; 0 below `min_rows` of them."""
    kept = np.where(usable, values, 0.0)
    count, total, square = (
        np.concatenate([[0.0], np.cumsum(column)[:-1]]) for column in (usable.astype(float), kept, kept**2)
    )
    enough = count >= min_rows
    safe = np.where(enough, count, 1.0)
    mean = np.where(enough, total / safe, 0.0)
    variance = np.where(enough, square / safe - mean**2, 0.0)
    return mean, np.sqrt(np.maximum(variance, 0.0))
