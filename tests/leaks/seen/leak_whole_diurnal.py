"""Leak: the time of day is taken out with a curve of the whole sample."""

from dataclasses import dataclass

import numpy as np

from newsvol.signals.volatility.naive import last_known


@dataclass(frozen=True)
class WholeDiurnal:
    """An exponentially weighted level times the mean curve of the day.

    Parameters
    ----------
    window, min_window : int
        Only `min_window` counts: buckets before the first forecast.
    decay : float

    Notes
    -----
    What leaks: the factor of each time of day is its mean over all sessions, later ones included. The level
    uses the past only. Every row is touched, by little: one session is a 250th of the curve.

    Why it is realistic: `groupby(slot).transform("mean")` is how deseasonalising is usually written; the
    curve is thought of as a constant of the market and not as an estimate.
    """

    window: int = 2500
    min_window: int = 500
    decay: float = 0.94

    def forecast(self, history):
        """Return the expected realized variance of each bucket, shape (B,)."""
        buckets, intensity = history.buckets, history.intensity
        known = np.isfinite(intensity)
        if not known.any():
            return np.full(len(buckets), np.nan)
        curve = np.ones(buckets.n_slots)
        for slot in range(buckets.n_slots):
            rows = known & (buckets.slot == slot)
            curve[slot] = intensity[rows].mean() if rows.any() else intensity[known].mean()
        curve = np.where(curve > 0, curve / curve.mean(), 1.0)[buckets.slot]
        level = np.full(len(buckets), np.nan)
        state = np.nan
        for row in np.flatnonzero(known):
            z = intensity[row] / curve[row]
            state = z if np.isnan(state) else self.decay * state + (1.0 - self.decay) * z
            level[row] = state
        level = last_known(level)
        level[: self.min_window] = np.nan
        return history.to_bucket(level * curve)
