"""A series from outside the tape as a column: the last value that was known when a bucket was forecast."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from newsvol.engine.arrays import NS_PER_DAY, FloatArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.engine.frames import Columns
from newsvol.signals.volatility.buckets import BucketFrame

Transform = Literal["log_level", "log_change", "level"]

TRAILING: Final = 22
"""Values that a level is measured against: a month of days."""

STALE_NS: Final = 10 * NS_PER_DAY
"""A value older than this says nothing: over holidays a daily series is silent for less."""

RIDGE: Final = 1.0
"""Rows of evidence for no effect."""


@dataclass(frozen=True)
class Exogenous(Columns):
    """Values, and when each could be known.

    Attributes
    ----------
    available_ns : IntArray, shape (X,)
        UTC, rising.
    value : FloatArray, shape (X,)
    """

    available_ns: IntArray
    value: FloatArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()
        if len(self) == 0:
            raise InputError("the series holds no value")
        if np.any(np.diff(self.available_ns) <= 0):
            raise InputError("the series has two values that become available at once, or is out of order")


@dataclass(frozen=True)
class ExogenousColumn:
    """A series, and what of it a regression reads.

    Parameters
    ----------
    name : str
        Of the coefficient.
    series : Exogenous
    transform : {"log_level", "log_change", "level"}
        ln x, or x, against the mean of the last `TRAILING` values, itself among them; or ln x against the
        value before.
    """

    name: str
    series: Exogenous
    transform: Transform = "log_level"

    def __post_init__(self) -> None:
        if self.transform not in get_args(Transform):
            raise InputError(f"transform {self.transform!r} is none of: {', '.join(get_args(Transform))}")
        if self.transform != "level" and np.any(self.series.value <= 0):
            raise InputError(
                f"{self.name} is not positive everywhere, so it has no log; use transform: level"
            )

    def transformed(self) -> FloatArray:
        """Return the value that each value of the series gives, shape (X,), from it and those before it."""
        value = self.series.value if self.transform == "level" else np.log(self.series.value)
        if self.transform == "log_change":
            return np.diff(value, prepend=value[:1])
        # summed in windows of their own: a running total would carry its rounding on for decades
        padded = np.concatenate([np.full(TRAILING - 1, np.nan), value])
        mean = np.nanmean(np.lib.stride_tricks.sliding_window_view(padded, TRAILING), axis=1)
        return np.asarray(value - mean)

    def rows(self, buckets: BucketFrame) -> IntArray:
        """Return the row of the last value known when each bucket was forecast, -1 for none, shape (B,).

        That is as the bucket before it ended, the evening before for a session's first. A value older than
        `STALE_NS` is none.
        """
        row = np.searchsorted(self.series.available_ns, buckets.forecast_ns, side="right") - 1
        age_ns = buckets.open_ns - self.series.available_ns[np.maximum(row, 0)]
        return np.where((row >= 0) & (age_ns <= STALE_NS), row, -1).astype(np.int64)

    def column(self, buckets: BucketFrame) -> FloatArray:
        """Return the column, shape (B,): 0, which says nothing, where no value is known.

        Causal: a value counts from its availability on.
        """
        row = self.rows(buckets)
        return np.where(row >= 0, self.transformed()[np.maximum(row, 0)], 0.0)
