"""Scheduled events: known ahead, so they are no information; what they do to variance is fitted."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from newsvol.engine.arrays import NS_PER_HOUR, BoolArray, FloatArray, IntArray, TextArray
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


ALWAYS_NS = int(np.iinfo(np.int64).min)
NEVER_NS = int(np.iinfo(np.int64).max)
"""Before and after every stamp: an event that was always known, and one that was never called off."""


def _nothing() -> IntArray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Schedule(Columns):
    """When what is scheduled, and from when until when it was so: nothing of how it came out.

    Attributes
    ----------
    name : TextArray, shape (E,)
    event_ns : IntArray, shape (E,)
        UTC.
    since_ns, until_ns : IntArray, shape (E,)
        When it was announced, and when it was moved or cancelled; empty where all was always known. A date
        that was moved is two events: the one that was called off, and the one that was announced then.
    """

    name: TextArray
    event_ns: IntArray
    since_ns: IntArray = field(default_factory=_nothing)
    until_ns: IntArray = field(default_factory=_nothing)

    def __post_init__(self) -> None:
        for column, always in (("since_ns", ALWAYS_NS), ("until_ns", NEVER_NS)):
            if len(getattr(self, column)) == 0:
                object.__setattr__(self, column, np.full(len(self.name), always, dtype=np.int64))
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

    def planned(self, at_ns: IntArray | int) -> BoolArray:
        """Return which events were in the plan, shape (E,), at one stamp or at one for each event.

        What was announced as it happened was never in it.
        """
        return np.asarray(
            (self.since_ns <= at_ns) & (at_ns < self.until_ns) & (self.since_ns < self.event_ns)
        )

    def reach(self) -> dict[str, tuple[int, int]]:
        """Return the first and the last stamp of each name that was planned to its end, by name."""
        stood = self.take(self.planned(self.event_ns))
        names = stood.name.astype(str)
        found = {name: stood.event_ns[names == name] for name in stood.names}
        return {name: (int(stamps.min()), int(stamps.max())) for name, stamps in found.items()}

    def out_of_reach(self, first_ns: int, last_ns: int) -> tuple[str, ...]:
        """Return the names of which the schedule lacks some in [first, last], as far as it shows.

        That is longer before the first or after the last of them than any two have lain apart; of a single
        event nothing can be expected.
        """
        short = []
        for name, (begins_ns, ends_ns) in self.reach().items():
            stamps = np.sort(self.event_ns[self.name.astype(str) == name])
            apart_ns = int(np.diff(stamps).max()) if len(stamps) > 1 else NEVER_NS // 2
            if first_ns < begins_ns - apart_ns or last_ns > ends_ns + apart_ns:
                short.append(name)
        return tuple(short)

    def column_names(self) -> tuple[str, ...]:
        """Return two columns an event: the bucket it falls in (or the first one after it), and the next."""
        return tuple(f"{name}{place}" for name in self.names for place in ("", "+1"))

    def columns(self, buckets: BucketFrame) -> FloatArray:
        """Return a dummy of each of `column_names`, shape (B, 2E), 1 where the event is felt.

        An event in a session is felt from its bucket on, one up to six hours before the open from the first
        bucket on, for an hour; any other falls in no session and is left out.

        Causal: each bucket goes by the plan that stood when it was forecast, as the bucket before it ended.
        """
        names = self.names
        out = np.zeros((len(buckets), 2 * len(names)))
        if len(buckets) == 0:
            return out
        first = np.searchsorted(buckets.close_ns, self.event_ns, side="right")
        made_ns = np.append(buckets.forecast_ns, NEVER_NS)
        stood = self.planned(made_ns[first])
        stood_next = self.planned(made_ns[np.minimum(first + 1, len(buckets))])
        for row, bucket in enumerate(first.tolist()):
            if bucket == len(buckets):
                continue
            opens_ns = int(buckets.open_ns[bucket])
            felt_ns = max(int(self.event_ns[row]), opens_ns)
            if opens_ns - int(self.event_ns[row]) > (BEFORE_OPEN_NS if buckets.slot[bucket] == 0 else 0):
                continue
            column = 2 * names.index(str(self.name[row]))
            if stood[row]:
                out[bucket, column] = 1.0
            follows = bucket + 1 < len(buckets) and buckets.session[bucket + 1] == buckets.session[bucket]
            if follows and stood_next[row] and buckets.open_ns[bucket + 1] < felt_ns + LASTS_NS:
                out[bucket + 1, column + 1] = 1.0
        return out
