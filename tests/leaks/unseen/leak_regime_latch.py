"""Out of the market in rough times."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass
class RegimeLatch:
    """Leave when volatility passes `high_pct`, come back when it has fallen below `low_pct`.

    Notes
    -----
    What leaks: the latch remembers its last switch, however long ago, but `lookback` promises that 50 rows
    are enough. No later row is read; yet a live system that hands the strategy its 50 rows starts
    every time with the latch open, and holds other weights than the backtest wherever the last switch is
    farther back than that. Most rows agree.

    Why it is realistic: path-dependent rules (latches, stops, drawdown guards) are written with a loop over
    the whole column, and the lookback is filled in by feel, from the indicator rather than from the state.
    """

    high_pct: float = 30.0
    low_pct: float = 16.0

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 50

    def decide(self, frame):
        """Return 1 in calm and 0.2 in rough times, shape (M,); NaN where there is no forecast."""
        out = np.full(len(frame), np.nan)
        rough = False
        for i, vol in enumerate((100 * frame.annual_vol).tolist()):
            if vol > self.high_pct:
                rough = True
            elif vol < self.low_pct:
                rough = False
            if vol == vol:
                out[i] = 0.2 if rough else 1.0
        return out
