"""Leak: reads a dozen rows of the past and declares a lookback of one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class DrawdownMemory:
    """Volatility target, flat while the price is far below its recent high.

    Parameters
    ----------
    target_vol_pct : float
        Annual volatility that the account aims at, in percent.
    drop : float
        Fall from the recent high, in forecast deviations of the bucket, from which on it stays flat.
    rows : int
        Rows of the recent high, the present one included.

    Notes
    -----
    What leaks: nothing of the future. The declared `lookback` is 1, and the recent high needs `rows` rows: a
    live system that is handed what was declared never sees a drawdown and never steps aside. The backtest
    does. Only the rows after a fall differ.

    Why it is realistic: the rule was added to a strategy without memory, and `lookback` stayed as it was.
    """

    target_vol_pct: float = 10.0
    drop: float = 4.0
    rows: int = 12

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def decide(self, frame):
        """Return target weights, shape (M,)."""
        high = np.array(frame.close, dtype=np.float64)
        for back in range(1, min(self.rows, len(frame))):
            high[back:] = np.fmax(high[back:], frame.close[:-back])
        with np.errstate(invalid="ignore", divide="ignore"):
            weight = np.minimum(self.target_vol_pct / 100 / frame.annual_vol, 1.0)
            fallen = frame.close < high * (1.0 - self.drop * np.sqrt(frame.variance))
        usable = np.isfinite(frame.variance) & (frame.annual_vol > 0)
        return np.where(usable, np.where(fallen, 0.0, weight), np.nan)
