"""Leak: forecasts that turned out absurd are repaired with the bucket's own realized variance."""

from dataclasses import dataclass

import numpy as np

from newsvol.signals.volatility.har_specifications import build_har


@dataclass(frozen=True)
class OutlierRepair:
    """The log-HAR forecast behind an insanity filter.

    Parameters
    ----------
    window, min_window : int
        Rows of the fitting window, full and at the first forecast.
    limit : float
        Log ratio of forecast to outcome from which on a forecast is absurd.

    Notes
    -----
    What leaks: in about 1% of the buckets, those where the honest forecast is wrong by a factor of more than
    3.7, the bucket's own realized variance takes its place. All other rows are the honest forecast to the bit.

    Why it is realistic: insanity filters are in the literature; theirs compares a forecast with the range of
    the past. Comparing with the outcome is one line shorter, and the errors it removes are the ones that
    count most in the loss.
    """

    window: int = 2500
    min_window: int = 500
    limit: float = 1.3

    def forecast(self, history):
        """Return the expected realized variance of each bucket, shape (B,)."""
        honest = build_har("log-har-p", self.window, self.min_window).forecast(history)
        outcome = history.measures.rv
        with np.errstate(invalid="ignore", divide="ignore"):
            absurd = np.abs(np.log(honest / outcome)) > self.limit
        return np.where(absurd & np.isfinite(outcome) & (outcome > 0), outcome, honest)
