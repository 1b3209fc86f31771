"""Smaller where the hour has many headlines."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from newsvol.engine.ticks import TickKind


@dataclass
class NewsLoad:
    """Volatility target, cut by the number of headlines of the row's bucket.

    Notes
    -----
    What leaks: the headlines are counted per (session, slot) and the count is put back on *every* row of the
    group, the SQL ``COUNT(*) OVER (PARTITION BY ...)`` or pandas ``groupby.transform("sum")``. A row at
    the start of an hour therefore knows how many headlines will still come in it. No price and no forecast
    of the future is read, only the stamps and kinds of later rows. Honest would be a running count.

    Why it is realistic: ``transform`` in place of ``cumsum`` is among the commonest slips with event data,
    and the result has the right shape and looks reasonable row by row.
    """

    target_vol_pct: float = 15.0
    cut: float = 0.5

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 40

    def decide(self, frame):
        """Return target / volatility / (1 + cut * headlines of the bucket), shape (M,)."""
        group = frame.session * 64 + frame.slot
        _, inverse = np.unique(group, return_inverse=True)
        headlines = np.bincount(inverse, weights=frame.kind == TickKind.HEADLINE)[inverse]
        vol = np.where(frame.annual_vol > 0, frame.annual_vol, np.nan)
        return np.clip(self.target_vol_pct / 100 / vol, 0, 1) / (1 + self.cut * headlines)
