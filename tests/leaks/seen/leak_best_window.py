"""Leak: the window of a momentum rule is the one that was best over the whole sample."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

WINDOWS = (3, 5, 8, 13, 21, 34, 55, 89, 144)


@dataclass(frozen=True)
class BestWindow:
    """Long after a rise over the window, flat after a fall; the window tunes itself.

    Notes
    -----
    What leaks: one whole number. Each window is tried on all rows that the strategy is given, later ones
    included, and the one with the best Sharpe ratio is traded over the same rows. Given the window, each row
    is honest, and the choice is the same unless very much of the future changes.

    Why it is realistic: it is a parameter sweep, with the winner's curve left in, that happens to be written
    inside `decide`.
    """

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = max(WINDOWS) + 1

    def decide(self, frame):
        """Return target weights, shape (M,)."""
        if len(frame) == 0:
            return np.empty(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            earned = np.append(np.diff(np.log(frame.close)), np.nan)
        candidates = [self._signal(frame, window) for window in WINDOWS]
        scores = [_sharpe(signal * earned) for signal in candidates]
        return candidates[int(np.argmax(scores))]

    def _signal(self, frame, window):
        before = np.full(len(frame), np.nan)
        before[window:] = frame.close[:-window] if window < len(frame) else []
        known = np.isfinite(before) & np.isfinite(frame.close) & np.isfinite(frame.variance)
        with np.errstate(invalid="ignore"):
            return np.where(known, np.where(frame.close > before, 1.0, 0.0), np.nan)


def _sharpe(earned):
    earned = earned[np.isfinite(earned)]
    if len(earned) < 2 or earned.std() == 0:
        return -np.inf
    return earned.mean() / earned.std()
