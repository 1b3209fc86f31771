"""The four naive forecasts that every model is printed beside."""

from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.naive_nb import ewma_nb
from newsvol.signals.volatility.protocol import FORECASTERS
from newsvol.signals.volatility.trailing import trailing_mean

EWMA_DECAY = 0.94
"""RiskMetrics (1996)."""


def last_known(values: FloatArray) -> FloatArray:
    """Return for each row the last finite value of the rows before it, shape (B,)."""
    rows = np.where(np.isfinite(values), np.arange(len(values)), -1)
    latest = np.concatenate([[-1], np.maximum.accumulate(rows)])[:-1]
    return np.where(latest >= 0, values[np.maximum(latest, 0)], np.nan)


@FORECASTERS.add("last-bucket")
@dataclass(frozen=True)
class LastBucket:
    """The last bucket's variance per hour goes on."""

    def forecast(self, history: VolHistory) -> FloatArray:
        """See `Forecaster.forecast`."""
        return history.to_bucket(last_known(history.intensity))


@FORECASTERS.add("same-bucket-yesterday")
@dataclass(frozen=True)
class SameBucketYesterday:
    """The same time of day in the last session that had it."""

    def forecast(self, history: VolHistory) -> FloatArray:
        """See `Forecaster.forecast`."""
        out = np.full(len(history.buckets), np.nan)
        for slot in range(history.buckets.n_slots):
            rows = np.flatnonzero(history.buckets.slot == slot)
            out[rows] = last_known(history.intensity[rows])
        return history.to_bucket(out)


@FORECASTERS.add("diurnal")
@dataclass(frozen=True)
class DiurnalMean:
    """The diurnal curve times the mean level of the past, nothing else."""

    sessions: int = 250

    def forecast(self, history: VolHistory) -> FloatArray:
        """See `Forecaster.forecast`."""
        level = trailing_mean(history.z, self.sessions * history.buckets.n_slots)
        return history.to_bucket(history.diurnal * level)


@FORECASTERS.add("diurnal-ewma")
@dataclass(frozen=True)
class DiurnalEwma:
    """The diurnal curve times an exponentially weighted mean of z; buckets without one are skipped."""

    decay: float = EWMA_DECAY

    def forecast(self, history: VolHistory) -> FloatArray:
        """See `Forecaster.forecast`."""
        known = np.isfinite(history.z)
        if not known.any():
            return np.full(len(known), np.nan)
        z = history.z[known]
        smooth = np.full(len(known), np.nan)
        smooth[known] = ewma_nb(z, self.decay)
        return history.to_bucket(history.diurnal * last_known(smooth))

    def live(self, buckets: BucketFrame) -> "EwmaStep":
        """See `LiveForecaster.live`."""
        return EwmaStep(self.decay)


class EwmaStep:
    """The mean as far as it has come."""

    def __init__(self, decay: float) -> None:
        self._decay = decay
        self._mean = np.nan

    def step(self, history: VolHistory) -> float:
        """See `ForecastStep.step`."""
        row = len(history.buckets) - 1
        learnt = history.z[row - 1] if row else np.nan
        if np.isfinite(learnt):
            begun = not np.isnan(self._mean)
            self._mean = (1.0 - self._decay) * learnt + self._decay * (self._mean if begun else learnt)
        return float(history.diurnal[row] * self._mean * history.minutes[row] / 60.0)


NAIVE = ("last-bucket", "same-bucket-yesterday", "diurnal", "diurnal-ewma")
