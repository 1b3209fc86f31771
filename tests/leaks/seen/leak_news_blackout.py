"""Leak: steps aside for the half hour before a headline that nobody announced."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

HEADLINE = 3
NS_PER_MINUTE = 60_000_000_000


@dataclass(frozen=True)
class NewsBlackout:
    """Volatility target, flat in a window before news.

    Parameters
    ----------
    target_vol_pct : float
        Annual volatility that the account aims at, in percent.
    minutes : float
        Length of the blackout before a headline.

    Notes
    -----
    What leaks: no price and no score, only a stamp. A row knows that a headline will arrive within the next
    half hour, from the stamps of the later rows.

    Why it is realistic: the blackout window around scheduled events is standard risk practice, and the same
    function is handed the stamps of all headlines. For those "before" is not knowable.
    """

    target_vol_pct: float = 10.0
    minutes: float = 30.0

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def decide(self, frame):
        """Return target weights, shape (M,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            weight = np.minimum(self.target_vol_pct / 100 / frame.annual_vol, 1.0)
        weight = np.where(np.isfinite(frame.variance) & (frame.annual_vol > 0), weight, np.nan)
        events = np.sort(frame.tick_ns[frame.kind == HEADLINE])
        if len(events) == 0:
            return weight
        upcoming = np.searchsorted(events, frame.tick_ns, side="right")
        wait_ns = events[np.minimum(upcoming, len(events) - 1)] - frame.tick_ns
        blackout = (upcoming < len(events)) & (wait_ns <= self.minutes * NS_PER_MINUTE)
        return np.where(blackout & np.isfinite(weight), 0.0, weight)
