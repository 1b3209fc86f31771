"""Long above a tone, short below its negative."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass
class ToneCut:
    """Follow the tone of the news where it is strong enough; the cut chooses itself.

    Notes
    -----
    What leaks: the cut is picked from a handful of round values by the profit that each would have made over
    all rows of the frame, the future included. Only one choice among six leaks: as long as later
    rows do not change the winner, no weight moves at all, so most changes of the future go unseen.

    Why it is realistic: "the threshold was set at 0.75, it worked best" is how most thresholds are set.
    """

    cuts: tuple = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)
    size: float = 0.8

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def decide(self, frame):
        """Return size times the sign of a strong tone, else 0, shape (M,); NaN before the first forecast."""
        usable = np.isfinite(frame.variance)
        move = np.zeros(len(frame))
        if len(frame) > 1:
            move[:-1] = np.diff(np.log(frame.close))
        move = np.where(usable & np.isfinite(move), move, 0.0)
        positions = [np.where(np.abs(frame.tone) > cut, np.sign(frame.tone), 0.0) for cut in self.cuts]
        best = int(np.argmax([float(position @ move) for position in positions]))
        return np.where(usable, self.size * positions[best], np.nan)
