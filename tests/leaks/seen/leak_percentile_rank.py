"""Leak: a signal is ranked among the rows of the whole sample."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class PercentileRank:
    """Buy the highest percentiles of the tone of the news, sell the lowest.

    Parameters
    ----------
    share : float
        Share of the rows that is bought, and that is sold.

    Notes
    -----
    What leaks: the percentile of a row is its place among all rows, later ones included. Weights are -1, 0 or
    1, so only rows near the two edges show it.

    Why it is realistic: `signal.rank(pct=True)` is written for a cross-section, where it is right, and used
    on a time series.
    """

    share: float = 0.2

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def decide(self, frame):
        """Return target weights, shape (M,)."""
        signal = np.where(np.isfinite(frame.variance), frame.tone, np.nan)
        rows = np.flatnonzero(np.isfinite(signal))
        weight = np.full(len(frame), np.nan)
        if len(rows) == 0:
            return weight
        rank = np.empty(len(rows))
        rank[np.argsort(signal[rows], kind="stable")] = np.arange(len(rows)) + 0.5
        percentile = rank / len(rows)
        weight[rows] = np.select([percentile > 1.0 - self.share, percentile < self.share], [1.0, -1.0], 0.0)
        return weight
