"""Strategies that hold the instrument always and size it by its volatility."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray
from newsvol.engine.frames import DecisionFrame
from newsvol.strategies.parameters import require_number, require_whole
from newsvol.strategies.protocol import STRATEGIES
from newsvol.strategies.trailing_nb import trailing_median_nb


@STRATEGIES.add("buy_and_hold")
@dataclass(frozen=True)
class BuyAndHold:
    """All in from the first forecast on: the baseline that every strategy is shown beside.

    It waits for the first forecast so that it holds over the same span as the others.
    """

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def decide(self, frame: DecisionFrame) -> FloatArray:
        """Return 1 where there is a forecast, shape (M,)."""
        return np.where(np.isfinite(frame.variance), 1.0, np.nan)


@STRATEGIES.add("vol_target")
@dataclass(frozen=True)
class VolTarget:
    """Hold as much as makes the forecast volatility of the account the target: target / forecast.

    The position is held overnight, so the forecast is that of the whole day, `DecisionFrame.annual_vol`.

    Attributes
    ----------
    target_vol_pct : float
        Annual volatility that the account aims at, nights included, in percent.
    max_weight : float, fraction of equity
    """

    target_vol_pct: float = 10.0
    max_weight: float = 1.0

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def __post_init__(self) -> None:
        require_number(self, "target_vol_pct", 0, 1000, above_low=True)
        require_number(self, "max_weight", 0, 1, above_low=True)

    def decide(self, frame: DecisionFrame) -> FloatArray:
        """Return min(max_weight, target / forecast), shape (M,); NaN before the first forecast."""
        return target_weight(frame, self.target_vol_pct, self.max_weight)


@STRATEGIES.add("vol_timing")
@dataclass(frozen=True)
class VolTiming:
    """Hold less when variance is high: c / variance, clipped to [0, 1] (Moreira & Muir 2017, equation 1).

    The paper scales c so that the managed portfolio has the variance of the market over the whole sample,
    which only the end of the sample knows; here c is the median variance of the last `lookback` rows.

    Attributes
    ----------
    lookback : int
        Rows (ticks) of that median. The first rows take the median of as many as there are, so that the
        strategy is in the market from the first forecast on, as those that it is compared with.
    """

    lookback: int = 250

    every_bar: ClassVar[bool] = False

    def __post_init__(self) -> None:
        require_whole(self, "lookback", 2, 100_000)

    def decide(self, frame: DecisionFrame) -> FloatArray:
        """Return min(1, median variance / variance), shape (M,); NaN where there is no forecast."""
        variance = np.where(_usable(frame), frame.annual_vol**2, np.nan)
        usual = trailing_median_nb(variance, self.lookback, 1)
        return np.minimum(usual / variance, 1.0)


def target_weight(frame: DecisionFrame, target_vol_pct: float, max_weight: float) -> FloatArray:
    """Return min(max_weight, target / volatility of the whole day), shape (M,); NaN without a forecast."""
    annual_vol = np.where(_usable(frame), frame.annual_vol, np.nan)
    return np.minimum(target_vol_pct / 100 / annual_vol, max_weight)


def _usable(frame: DecisionFrame) -> BoolArray:
    # A forecast of zero volatility is no forecast: it would size the position without bound.
    usable: BoolArray = np.isfinite(frame.variance) & (frame.annual_vol > 0)
    return usable
