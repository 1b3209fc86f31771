"""Leak: jumps are clipped out of the realized variance, in the history that everybody shares."""

from dataclasses import dataclass

import numpy as np

from newsvol.signals.volatility.har_specifications import build_har


@dataclass(frozen=True)
class ClippedTarget:
    """The log-HAR forecast; jumps are taken out of the realized variance that it is judged by.

    Parameters
    ----------
    window, min_window : int
        Rows of the fitting window, full and at the first forecast.
    most : float
        How many times its forecast a bucket's realized variance may be; what is above is "a jump".

    Notes
    -----
    What leaks: the forecasts are the honest ones, to the bit. But `history.measures.rv` is clipped in place
    at `most` times the forecast, and the history is shared: the loss of each forecast, and the target that
    the news is fitted to, are from then on those of the clipped series. The score is one that no live
    forecast could have had. (A second call with the same history finds nothing more to clip.)

    Why it is realistic: `rv = history.measures.rv; np.minimum(rv, cap, out=rv)` saves a copy, and
    winsorising a target is thought harmless.
    """

    window: int = 2500
    min_window: int = 500
    most: float = 1.5

    def forecast(self, history):
        """Return the expected realized variance of each bucket, shape (B,)."""
        forecast = build_har("log-har-p", self.window, self.min_window).forecast(history)
        rv = history.measures.rv
        known = np.isfinite(forecast) & np.isfinite(rv)
        np.minimum(rv, self.most * forecast, out=rv, where=known)
        return forecast
