"""Leak: a feature is scaled between its quantiles of the whole sample."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class QuantileScaler:
    """Hold less the higher the forecast volatility stands between its usual low and its usual high.

    Parameters
    ----------
    low, high : float
        Quantiles of the forecast volatility at which the weight is one and zero.

    Notes
    -----
    What leaks: the two quantiles are those of all rows, later ones included. Every row is touched, each by
    little: a few rows more or less hardly move a quantile.

    Why it is realistic: `RobustScaler().fit_transform(features)` before the split is the most usual leak of
    all. In the first months the strategy already knows how high volatility will go in autumn.
    """

    low: float = 0.05
    high: float = 0.95

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def decide(self, frame):
        """Return target weights, shape (M,)."""
        usable = np.isfinite(frame.variance) & np.isfinite(frame.annual_vol)
        weight = np.full(len(frame), np.nan)
        if not usable.any():
            return weight
        low, high = np.quantile(frame.annual_vol[usable], [self.low, self.high])
        scaled = (frame.annual_vol[usable] - low) / (high - low if high > low else 1.0)
        weight[usable] = np.clip(1.0 - scaled, 0.0, 1.0)
        return weight
