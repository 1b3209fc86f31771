"""Which buckets are scored: the test span, said before looking."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from newsvol.engine.arrays import NS_PER_SECOND, BoolArray, IntArray
from newsvol.engine.errors import InputError, TapeError
from newsvol.replays.tapes.tape import Tape, local_midnight_ns
from newsvol.signals.volatility.buckets import DAY, WEEK, BucketFrame
from newsvol.signals.volatility.prior import WARM_UP

MIN_BUCKETS = WEEK
"""Fewer than a week of them are too few for any of the tests."""

WITH_PRIOR_SESSIONS = WARM_UP // DAY + 1
"""Sessions before the first forecast where regressions have a prior."""


@dataclass(frozen=True)
class Span:
    """Buckets from `first` up to but not including `end`, and the rule that chose them."""

    first: int
    end: int
    rule: str

    def rows(self, count: int) -> BoolArray:
        """Return the span as a mask of `count` buckets."""
        place = np.arange(count)
        return np.asarray((place >= self.first) & (place < self.end))


def choose_span(
    tape: Tape, buckets: BucketFrame, first: date | None, last: date | None, *, has_prior: bool = False
) -> Span:
    """Return the last third of the buckets, or those of the days from `first` to `last`.

    With a prior, and no day given, every session from the fourth on is taken: all of it is out of sample.

    Raises
    ------
    InputError
        A day is beyond the tape, or the two leave too little.
    """
    zone = ZoneInfo(tape.info.timezone)
    if first is not None and last is not None and last < first:
        raise InputError(f"--to {last} is before --from {first}")
    if not len(buckets):
        raise TapeError("the tape has no sessions; import one with: newsvol tape import --help")
    begins, ends = local_days(buckets.open_ns[[0, -1]], zone)
    if first is not None and str(first) > ends:
        raise InputError(f"--from {first} is after the tape's last day, {ends}")
    if last is not None and str(last) < begins:
        raise InputError(f"--to {last} is before the tape's first day, {begins}")
    count = len(buckets)
    end = (
        count
        if last is None or str(last) >= ends
        else int(np.searchsorted(buckets.open_ns, local_midnight_ns(last + timedelta(days=1), zone)))
    )
    if first is None and has_prior:
        start = int(np.searchsorted(buckets.session, buckets.session[0] + WITH_PRIOR_SESSIONS))
        rule = "from the fourth session on" + ("" if last is None else f", up to {last}")
    elif first is None:
        start, rule = end - end // 3, "the last third" if last is None else f"the last third up to {last}"
    else:
        start = int(np.searchsorted(buckets.open_ns, local_midnight_ns(first, zone)))
        rule = f"from {first}" if last is None else f"from {first} to {last}"
    if start >= end:
        raise InputError(f"the tape has no session {rule}")
    return Span(start, end, rule)


def first_day(buckets: BucketFrame, rows: BoolArray, tape: Tape) -> date:
    """Return the day of the first of `rows`, on the exchange's clock."""
    scored = np.flatnonzero(rows)[:1]
    return local_times(buckets.open_ns[scored], ZoneInfo(tape.info.timezone))[0].date()


def local_days(stamps_ns: IntArray, zone: ZoneInfo) -> list[str]:
    """Return the local day of each stamp, ``2025-04-11``."""
    return [f"{moment:%Y-%m-%d}" for moment in local_times(stamps_ns, zone)]


def local_times(stamps_ns: IntArray, zone: ZoneInfo) -> list[datetime]:
    """Return each stamp in the zone, to the second."""
    return [datetime.fromtimestamp(stamp // NS_PER_SECOND, zone) for stamp in stamps_ns.tolist()]
