"""An intraday strategy on the edges of the volatility forecast."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.frames import DecisionFrame
from newsvol.strategies.parameters import require_number
from newsvol.strategies.protocol import STRATEGIES


@STRATEGIES.add("breakout")
@dataclass(frozen=True)
class Breakout:
    """Go with a move that is larger than the forecast expects of the bucket; hold nothing overnight.

    Long above anchor * (1 + k * sigma), short below anchor * (1 - k * sigma), unchanged in between, where
    anchor is the price at which the bucket began and sigma the square root of its forecast variance (an
    opening-range breakout with a forecast range; Crabel 1990).

    Attributes
    ----------
    k : float
        Edge in forecast standard deviations of the bucket.
    flat_minutes : float
        How long before the session's close everything is sold. Leave the order time to arrive: one that
        comes after the close fills at the next open.
    """

    k: float = 1.0
    flat_minutes: float = 5.0

    every_bar: ClassVar[bool] = True
    lookback: ClassVar[int] = 1

    def __post_init__(self) -> None:
        require_number(self, "k", 0, 100, above_low=True)
        require_number(self, "flat_minutes", 1, 390)

    def decide(self, frame: DecisionFrame) -> FloatArray:
        """Return 1, -1, 0 near the close and outside sessions, or NaN between the edges, shape (M,).

        Without a forecast it opens nothing; the flat weight needs no forecast.
        """
        edge = self.k * np.sqrt(frame.variance)
        above = frame.close > frame.anchor * (1.0 + edge)
        below = frame.close < frame.anchor * (1.0 - edge)
        # NaN minutes (outside a session) must count as near the close, hence the negated comparison.
        near_close = ~(frame.minutes_to_close > self.flat_minutes)
        return np.select([near_close, above, below], [0.0, 1.0, -1.0], default=np.nan)
