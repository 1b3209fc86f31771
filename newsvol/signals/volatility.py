"""HAR-RV forecasters: in levels, on the diurnally adjusted series, and on its log."""

from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.signals.har import HarConfig, HarState
from newsvol.signals.history import VolHistory
from newsvol.signals.protocol import FORECASTERS


@dataclass(frozen=True)
class Har:
    """A HAR regression, walked forward bucket by bucket.

    Parameters
    ----------
    window, min_window : int
        Rows of the fitting window, full and at the first forecast.
    adjusted : bool
        Fit z = RV / diurnal instead of RV.
    is_log : bool
        Fit ln z, and turn the forecast back with the trailing smearing factor.
    leverage : bool
        Add max(-r / sqrt(RV), 0) of the last bucket: falling prices raise variance (Corsi and Reno 2012).
    """

    window: int = 2500
    min_window: int = 500
    adjusted: bool = True
    is_log: bool = True
    leverage: bool = False

    def series(self, history: VolHistory) -> FloatArray:
        """Return what is regressed on its own past, shape (B,)."""
        series = history.z if self.adjusted else history.intensity
        if not self.is_log:
            return series
        # a bucket in which no price moved has no log; it counts as missing, not as minus infinity.
        return np.log(np.where(series > 0, series, np.nan))

    def extra(self, history: VolHistory) -> FloatArray | None:
        """Return the columns beside the lags, shape (B, q), row b known before bucket b."""
        if not self.leverage:
            return None
        with np.errstate(invalid="ignore", divide="ignore"):
            drop = np.maximum(-history.measures.bucket_return / np.sqrt(history.measures.rv), 0.0)
        known = np.where(np.isfinite(drop), drop, 0.0)
        return np.concatenate([[0.0], known[:-1]])[:, None]

    def state(self, capacity: int) -> HarState:
        """Return an empty regression for `capacity` buckets."""
        config = HarConfig(self.window, self.min_window, self.is_log)
        return HarState(config, capacity, ("leverage",) if self.leverage else ())

    def back_transform(self, history: VolHistory, fitted: FloatArray, smearing: FloatArray) -> FloatArray:
        """Turn fitted values of the series into variances of the buckets."""
        level = np.exp(fitted) * smearing if self.is_log else fitted
        return history.to_bucket(level * history.diurnal if self.adjusted else level)

    def forecast(self, history: VolHistory) -> FloatArray:
        """See `Forecaster.forecast`."""
        state = self.state(len(history.buckets))
        return self.back_transform(history, *state.run(self.series(history), self.extra(history)))


@FORECASTERS.add("har")
def har(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on realized variance (Corsi 2009)."""
    return Har(window, min_window, adjusted=False, is_log=False)


@FORECASTERS.add("har-p")
def har_p(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on z = RV / diurnal."""
    return Har(window, min_window, is_log=False)


@FORECASTERS.add("log-har-p")
def log_har_p(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on ln z; the default."""
    return Har(window, min_window)


@FORECASTERS.add("log-har-p-leverage")
def log_har_p_leverage(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on ln z with the leverage column."""
    return Har(window, min_window, leverage=True)
