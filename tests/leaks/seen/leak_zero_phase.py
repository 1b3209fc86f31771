"""Leak: realized variance is smoothed forward and backward before it is lagged."""

from dataclasses import dataclass

import numpy as np

from newsvol.signals.volatility.naive import last_known


@dataclass(frozen=True)
class ZeroPhase:
    """The last value of the denoised variance goes on, with the time of day put back.

    Parameters
    ----------
    window, min_window : int
        Only `min_window` counts: buckets before the first forecast.
    gain : float
        Of the exponential filter, in (0, 1].

    Notes
    -----
    What leaks: the filter runs over the series forward, then backward, as `scipy.signal.filtfilt` does, so
    that it has no lag. The value of row b - 1 then holds rows b, b + 1 and later, with falling weights. The
    lag by one row that follows makes it look causal.

    Why it is realistic: "realized variance is a noisy measure, so denoise it first" is sound; a filter
    without delay is what one wants to look at, and only one that has a delay can be traded.
    """

    window: int = 2500
    min_window: int = 500
    gain: float = 0.3

    def forecast(self, history):
        """Return the expected realized variance of each bucket, shape (B,)."""
        known = np.flatnonzero(np.isfinite(history.z))
        smooth = np.full(len(history.buckets), np.nan)
        smooth[known] = self._filter(self._filter(history.z[known])[::-1])[::-1]
        level = last_known(smooth)
        level[: self.min_window] = np.nan
        return history.to_bucket(history.diurnal * level)

    def _filter(self, values):
        out = np.array(values, dtype=np.float64)
        for row in range(1, len(out)):
            out[row] = (1.0 - self.gain) * out[row - 1] + self.gain * values[row]
        return out
