"""Leak: the first bucket of a session is given the overnight return that is only known after it began."""

from dataclasses import dataclass

import numpy as np

from newsvol.signals.volatility.naive import last_known
from newsvol.signals.volatility.trailing import trailing_mean


@dataclass(frozen=True)
class OvernightBackfill:
    """Diurnal curve times weighted level, raised after a large overnight move.

    Parameters
    ----------
    window, min_window : int
        Only `min_window` counts: buckets before the first forecast.
    decay, power : float
        Of the level, and of the overnight move relative to its usual size.

    Notes
    -----
    What leaks: `history.overnight` is NaN in the first bucket of a session, because the opening price is not
    known when that bucket is forecast, at the close of the day before. It is back-filled, so that the row
    knows the gap of the coming morning. All other rows are honest.

    Why it is realistic: `.bfill()` makes a column of a session complete: "the overnight return is the same
    for the whole day". (On the embedded tape the night says nothing of the day, so that it does not pay there.)
    """

    window: int = 2500
    min_window: int = 500
    decay: float = 0.94
    power: float = 0.1

    def forecast(self, history):
        """Return the expected realized variance of each bucket, shape (B,)."""
        rows = len(history.buckets)
        usual = trailing_mean(np.abs(history.overnight), 20 * 7, 10)
        gap = np.abs(_bfill(history.overnight))
        with np.errstate(invalid="ignore", divide="ignore"):
            relative = np.clip(gap / usual, 0.1, 10.0) ** self.power
        level = np.full(rows, np.nan)
        state = np.nan
        for row in np.flatnonzero(np.isfinite(history.z)):
            state = history.z[row] if np.isnan(state) else self.decay * state + (1 - self.decay) * history.z[row]
            level[row] = state
        level = last_known(level)
        level[: self.min_window] = np.nan
        return history.to_bucket(history.diurnal * level * np.where(np.isfinite(relative), relative, 1.0))


def _bfill(values):
    rows = np.where(np.isfinite(values), np.arange(len(values)), len(values))
    following = np.minimum.accumulate(rows[::-1])[::-1]
    return np.append(values, np.nan)[following]
