"""A strategy that leans with the tone of the news."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.frames import DecisionFrame
from newsvol.strategies.parameters import require_number, require_switch
from newsvol.strategies.protocol import STRATEGIES
from newsvol.strategies.sizing import target_weight


@STRATEGIES.add("news_tilt")
@dataclass(frozen=True)
class NewsTilt:
    """Volatility target times (1 + tilt * tanh(tone)).

    Attributes
    ----------
    target_vol_pct : float
        Annual volatility that the account aims at under a neutral tone, in percent.
    max_weight : float, fraction of equity
        Of the volatility target, before the tilt.
    tilt : float
        How far a tone of plus or minus infinity moves the weight; 0.5 is between half and one and a half.
    allow_short : bool
        Whether a tilt above 1 may carry the weight below zero.
    """

    target_vol_pct: float = 10.0
    max_weight: float = 1.0
    tilt: float = 0.5
    allow_short: bool = False

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def __post_init__(self) -> None:
        require_number(self, "target_vol_pct", 0, 1000, above_low=True)
        require_number(self, "max_weight", 0, 1, above_low=True)
        require_number(self, "tilt", 0, 10)
        require_switch(self, "allow_short")

    def decide(self, frame: DecisionFrame) -> FloatArray:
        """Return the tilted weight, shape (M,), clipped to [0, 1], or to [-1, 1] if shorts are allowed."""
        neutral = target_weight(frame, self.target_vol_pct, self.max_weight)
        tilted: FloatArray = neutral * (1.0 + self.tilt * np.tanh(frame.tone))
        return np.clip(tilted, -1.0 if self.allow_short else 0.0, 1.0)
