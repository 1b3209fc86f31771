"""What a forecaster is."""

from typing import Protocol, runtime_checkable

from newsvol.engine.arrays import FloatArray
from newsvol.engine.registry import Registry
from newsvol.signals.volatility.history import VolHistory


@runtime_checkable
class Forecaster(Protocol):
    """Variance forecasts for every bucket, as columns."""

    def forecast(self, history: VolHistory) -> FloatArray:
        """Return the expected realized variance of each bucket, shape (B,), squared log returns.

        Row b may use what was measured in rows before b, and what the calendar says of row b. NaN where
        there is not enough history yet.
        """
        ...


FORECASTERS: Registry[Forecaster] = Registry("forecaster", "newsvol.forecasters")
