"""Leak: a protective stop is marked on the row before the one that breaches it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class StopBeforeCrash:
    """Long, with a protective stop a number of forecast deviations below the price.

    Parameters
    ----------
    stop : float
        Distance of the stop, in forecast standard deviations of the bucket.

    Notes
    -----
    What leaks: the position is closed in row i if row i + 1 is below the stop: it sells before a crash, and
    only then. In all the other rows it holds, as it would without looking.

    Why it is realistic: "a stop rests in the market, so it is filled before the next close, and the exit
    belongs to the row before". The price of that row is the one before the fall, not the stop's.
    """

    stop: float = 1.5

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def decide(self, frame):
        """Return target weights, shape (M,)."""
        if len(frame) == 0:
            return np.empty(0)
        following = np.append(frame.close[1:], np.nan)
        with np.errstate(invalid="ignore"):
            level = frame.close * (1.0 - self.stop * np.sqrt(frame.variance))
            stopped = following < level
        return np.where(np.isfinite(frame.variance), np.where(stopped, 0.0, 1.0), np.nan)
