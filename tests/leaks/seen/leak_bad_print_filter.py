"""Leak: bad prints are recognised, and repaired, with the next row."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class BadPrintFilter:
    """Fade bad prints: the price will come back to its neighbours.

    Parameters
    ----------
    threshold : float
        A close this many forecast deviations of a minute away from the mean of its two neighbours is bad.

    Notes
    -----
    What leaks: a close is bad if it lies far from the mean of the row before *and the row after*. In about 1%
    of the rows a position is taken towards that mean, of which half is the next row's close. In all other
    rows it holds nothing, as an honest filter mostly would.

    Why it is realistic: cleaning is done once on the whole file, before any research starts, and every
    textbook's despiking rule is symmetric. A spike that comes back is known to be one a minute later.
    """

    threshold: float = 2.0

    every_bar: ClassVar[bool] = True
    lookback: ClassVar[int] = 2

    def decide(self, frame):
        """Return target weights, shape (M,)."""
        clean = np.array(frame.close, dtype=np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            if len(clean) > 2:
                neighbours = (frame.close[:-2] + frame.close[2:]) / 2.0
                per_minute = np.sqrt(frame.variance[1:-1] / 60.0)
                bad = np.abs(frame.close[1:-1] / neighbours - 1.0) > self.threshold * per_minute
                clean[1:-1] = np.where(bad, neighbours, frame.close[1:-1])
            towards = np.sign(clean - frame.close)
        return np.where(np.isfinite(frame.variance), towards, np.nan)
