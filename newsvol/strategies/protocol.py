"""What a strategy is."""

from typing import Protocol, runtime_checkable

from newsvol.engine.arrays import FloatArray
from newsvol.engine.frames import DecisionFrame
from newsvol.engine.registry import Registry


@runtime_checkable
class Strategy(Protocol):
    """Forecasts to target weights, as columns.

    Attributes
    ----------
    every_bar : bool
        True asks for a tick at the end of every bar besides the session opens, bucket ends and headlines.
    lookback : int
        How many rows, its own included, the weight of a row may depend on. Tick by tick the strategy is
        handed just these rows and must give the same weight: the contract suite checks it.
    """

    @property
    def every_bar(self) -> bool: ...
    @property
    def lookback(self) -> int: ...

    def decide(self, frame: DecisionFrame) -> FloatArray:
        """Return target weights, shape (M,), fraction of equity in [-1, 1]; NaN keeps the weight as it is.

        Row i may use rows i - lookback + 1 .. i and nothing else.
        """
        ...


STRATEGIES: Registry[Strategy] = Registry("strategy", "newsvol.strategies")
