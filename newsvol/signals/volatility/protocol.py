"""What a forecaster is."""

from typing import Protocol, runtime_checkable

from newsvol.engine.arrays import FloatArray
from newsvol.engine.registry import Registry
from newsvol.signals.volatility.buckets import BucketFrame
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


class ForecastStep(Protocol):
    """A forecaster between two buckets: what it has learnt so far."""

    def step(self, history: VolHistory) -> float:
        """Return the variance of the bucket that begins, the last row of `history`.

        Called for every bucket, in order. Of its last row `history` holds only what the calendar says and the
        diurnal factor; what was measured in the rows before is there.
        """
        ...


@runtime_checkable
class LiveForecaster(Forecaster, Protocol):
    """A forecaster with a live step, which must give the numbers of its columns.

    A forecaster without one is run on the whole history before each bucket, and charged for that.
    """

    def live(self, buckets: BucketFrame) -> ForecastStep:
        """Return an empty state.

        Parameters
        ----------
        buckets : BucketFrame
            All that will come: the calendar is known ahead.
        """
        ...


@runtime_checkable
class WithPrior(Forecaster, Protocol):
    """A forecaster that is shrunk towards a prior, if it was given one."""

    def prior_share(self, history: VolHistory) -> FloatArray:
        """Return how much of each bucket's forecast is prior, shape (B,), from 0 to 1.

        That is the prior's rows of evidence among all that were fitted on.
        """
        ...


FORECASTERS: Registry[Forecaster] = Registry("forecaster", "newsvol.forecasters")
