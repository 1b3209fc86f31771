"""Leak: in the last half hour of a session, the session's own closing price."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class ClosingPrice:
    """Volatility target; into the close, hold only if the day closes above the present price.

    Parameters
    ----------
    target_vol_pct : float
        Annual volatility that the account aims at, in percent.
    last_minutes : float
        How long before the close the "daily close" decides.

    Notes
    -----
    What leaks: rows of the last bucket know the closing price of their own session, half an hour early. Every
    other row is honest.

    Why it is realistic: a daily bar is joined to intraday rows on the session's date. The join is harmless
    for yesterday's columns and gives the closing auction to every row of the same day; here only the rows
    near the close use it ("I trade the auction").
    """

    target_vol_pct: float = 10.0
    last_minutes: float = 30.0

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def decide(self, frame):
        """Return target weights, shape (M,)."""
        rows = len(frame)
        if rows == 0:
            return np.empty(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            weight = np.minimum(self.target_vol_pct / 100 / frame.annual_vol, 1.0)
            weight = np.where(np.isfinite(frame.variance) & (frame.annual_vol > 0), weight, np.nan)
            # the first tick that belongs to the next session comes at the close: its price is the daily close
            after = np.searchsorted(frame.session, frame.session, side="right")
            daily_close = np.where(after < rows, frame.close[np.minimum(after, rows - 1)], np.nan)
            near_close = (frame.minutes_to_close > 0) & (frame.minutes_to_close <= self.last_minutes)
            joined = near_close & np.isfinite(daily_close) & np.isfinite(weight)
            return np.where(joined, np.where(daily_close > frame.close, 1.0, 0.0), weight)
