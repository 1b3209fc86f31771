"""Follow large moves of a minute, after throwing out bad prints."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass
class CleanMomentum:
    """Go with a large one-tick move, unless it is a bad print; flat near the close.

    Notes
    -----
    What leaks: a print is called bad where it stands off the tick before by `jump` sigma *and the next tick
    comes back* by more than half of it, the filter of every tick-data cleaning recipe. The next tick is
    one row ahead. The verdict matters only in the few rows with such a large move (below one in a hundred);
    in all others the strategy keeps its weight, so nearly no row depends on a later one.

    Why it is realistic: cleaning is thought of as part of the data, not of the strategy, and a spike can be
    told from a move only by what follows.
    """

    jump: float = 2.2
    flat_minutes: float = 6.0

    every_bar: ClassVar[bool] = True
    lookback: ClassVar[int] = 3

    def decide(self, frame):
        """Return the sign of a large move that is no bad print, 0 near the close, else NaN, shape (M,)."""
        n = len(frame)
        move = np.full(n, np.nan)
        back = np.zeros(n)
        with np.errstate(invalid="ignore", divide="ignore"):
            price = np.log(frame.close)
            move[1:] = np.diff(price)
            back[:-1] = np.diff(price)
            size = np.abs(move) / np.sqrt(frame.variance / 60)
        large = np.isfinite(size) & (size > self.jump)
        # not over the night
        large[1:] &= frame.session[1:] == frame.session[:-1]
        bad = large & (-np.sign(move) * np.nan_to_num(back) > 0.5 * np.abs(move))
        near_close = ~(frame.minutes_to_close > self.flat_minutes)
        weight = np.select([near_close, large & ~bad], [0.0, np.sign(move)], default=np.nan)
        return np.where(np.isfinite(frame.variance) | near_close, weight, np.nan)
