"""Scheduled events: known ahead, so they are no information; what they do to variance is fitted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import NS_PER_HOUR, FloatArray, IntArray, TextArray
from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.engine.frames import Columns
from newsvol.signals.volatility.buckets import BucketFrame

LASTS_NS = NS_PER_HOUR
"""An event is felt in the buckets that overlap the hour after it."""

BEFORE_OPEN_NS = 6 * NS_PER_HOUR
"""A release this long before the open, or less, is felt when the session opens."""

RIDGE = 1.0
"""Rows of evidence for no effect: an event that has not happened yet has the coefficient zero, and one that
has happened twice is not believed outright."""


@dataclass(frozen=True)
class Schedule(Columns):
    """When what is scheduled: names and stamps, and nothing of how it came out.

    Attributes
    ----------
    name : TextArray, shape (E,)
    event_ns : IntArray, shape (E,)
        UTC.
    """

    name: TextArray
    event_ns: IntArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()
        if len(self) == 0:
            raise InputError("the schedule holds no event")

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, sorted."""
        return tuple(sorted({str(name) for name in self.name}))

    def choose(self, names: Sequence[str]) -> "Schedule":
        """Return the events called `names`.

        Raises
        ------
        UnknownNameError
            With the nearest name that the schedule holds.
        """
        for name in names:
            if name not in self.names:
                raise UnknownNameError("event", name, self.names)
        return self.take(np.isin(self.name.astype(str), list(names)))

    def column_names(self) -> tuple[str, ...]:
        """Return two columns an event: the bucket it falls in (or the first one after it), and the next."""
        return tuple(f"{name}{place}" for name in self.names for place in ("", "+1"))

    def columns(self, buckets: BucketFrame) -> FloatArray:
        """Return a dummy of each of `column_names`, shape (B, 2E), 1 where the event is felt.

        An event in a session is felt from its bucket on, one up to six hours before the open from the first
        bucket on, for an hour; any other falls in no session and is left out. Causal: stamps are scheduled.
        """
        out = np.zeros((len(buckets), 2 * len(self.names)))
        if len(buckets) == 0:
            return out
        first = np.searchsorted(buckets.close_ns, self.event_ns, side="right")
        for row, bucket in enumerate(first.tolist()):
            if bucket == len(buckets):
                continue
            opens_ns = int(buckets.open_ns[bucket])
            felt_ns = max(int(self.event_ns[row]), opens_ns)
            if opens_ns - int(self.event_ns[row]) > (BEFORE_OPEN_NS if buckets.slot[bucket] == 0 else 0):
                continue
            column = 2 * self.names.index(str(self.name[row]))
            out[bucket, column] = 1.0
            follows = bucket + 1 < len(buckets) and buckets.session[bucket + 1] == buckets.session[bucket]
            if follows and buckets.open_ns[bucket + 1] < felt_ns + LASTS_NS:
                out[bucket + 1, column + 1] = 1.0
        return out
