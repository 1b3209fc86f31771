"""Leak: relabels the frame's stamps in place, so that orders leave a minute before their price."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

BAR = 0
NS_PER_MINUTE = 60_000_000_000


@dataclass(frozen=True)
class StartStamps:
    """Go with a move beyond the forecast's edge, flat overnight; stamps mark the start of a bar.

    Parameters
    ----------
    k : float
        Edge in forecast standard deviations of the bucket.
    flat_minutes : float
        How long before the close everything is sold.

    Notes
    -----
    What leaks: the weights are honest, row by row and to the bit. But `ready_ns` of the bar rows is moved back
    by a minute *in the frame*, and the backtester sends each order at its row's `ready_ns`: it is filled at
    prices of the minute that gave the signal. Whatever runs after it on the same frame is moved as well.

    Why it is realistic: "my vendor stamps bars at their start", and the usual answer to "assignment
    destination is read-only" is to set the flag.
    """

    k: float = 0.5
    flat_minutes: float = 5.0

    every_bar: ClassVar[bool] = True
    lookback: ClassVar[int] = 1

    def decide(self, frame):
        """Return target weights, shape (M,)."""
        stamps = frame.ready_ns
        stamps.flags.writeable = True
        # bars that are still stamped at their end; the test makes a second call harmless
        at_end = (frame.kind == BAR) & (stamps == frame.tick_ns)
        stamps[at_end] -= NS_PER_MINUTE
        with np.errstate(invalid="ignore"):
            edge = self.k * np.sqrt(frame.variance)
            above = frame.close > frame.anchor * (1.0 + edge)
            below = frame.close < frame.anchor * (1.0 - edge)
            near_close = ~(frame.minutes_to_close > self.flat_minutes)
        weight = np.select([near_close, above, below], [0.0, 1.0, -1.0], default=np.nan)
        return weight
