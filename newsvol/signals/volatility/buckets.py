"""Buckets: the hours of a session, anchored to its open."""

from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import NS_PER_HOUR, NS_PER_MINUTE, IntArray
from newsvol.engine.frames import BarFrame, Columns, SessionFrame

DAY, WEEK, MONTH = 7, 35, 154
"""Buckets in a day, a week and a month: seven an ordinary session."""

COARSE_BAR_NS = 30 * NS_PER_MINUTE
"""From this length on, a bar is a bucket: an hour holds too few of them to sum squared returns."""


@dataclass(frozen=True)
class BucketFrame(Columns):
    """Where each session is cut; known ahead from the calendar, so it is not information.

    Attributes
    ----------
    open_ns, close_ns : IntArray, shape (B,)
        09:30-10:30 ... 15:30-16:00 in New York: seven a day, the last one half an hour; four on half-days.
    session : IntArray, shape (B,)
        Row of the session in its `SessionFrame`.
    slot : IntArray, shape (B,)
        Place in the session, 0 first.
    """

    open_ns: IntArray
    close_ns: IntArray
    session: IntArray
    slot: IntArray

    @property
    def forecast_ns(self) -> IntArray:
        """When each bucket is first forecast, shape (B,): as the one before ends, the first as it begins."""
        return np.concatenate([self.open_ns[:1], self.close_ns[:-1]])

    @property
    def n_slots(self) -> int:
        """Buckets in a full session."""
        return int(self.slot.max()) + 1 if len(self) else 0


def cut_sessions(sessions: SessionFrame, bucket_ns: int = NS_PER_HOUR) -> BucketFrame:
    """Cut every session into buckets of `bucket_ns` from its open; the last one ends with the session."""
    per_session = -(-(sessions.close_ns - sessions.open_ns) // bucket_ns)
    session = np.repeat(np.arange(len(sessions), dtype=np.int64), per_session)
    first = np.cumsum(per_session) - per_session
    slot = np.arange(len(session), dtype=np.int64) - first[session]
    open_ns = sessions.open_ns[session] + slot * bucket_ns
    close_ns = np.minimum(open_ns + bucket_ns, sessions.close_ns[session])
    return BucketFrame(open_ns, close_ns, session, slot)


def bar_length_ns(bars: BarFrame) -> int:
    """Return the usual length of a bar, 0 where there is none."""
    return int(np.median(bars.close_ns - bars.open_ns)) if len(bars) else 0


def cut_like_bars(sessions: SessionFrame, bars: BarFrame) -> BucketFrame:
    """Cut every session where bars of half an hour or more end: each bar is one bucket.

    LEAN's hours are 09:30-10:00, then clock hours: seven a day. Where the cuts are, counted from a session's
    open, is read from the tape's first bar of the usual length: a vendor's convention, not information. A
    bucket is there whether its bar is or not.
    """
    length = bar_length_ns(bars)
    usual = np.flatnonzero(bars.close_ns - bars.open_ns == length)
    at = np.searchsorted(sessions.open_ns, bars.open_ns[usual], side="right") - 1
    inside = (at >= 0) & (bars.close_ns[usual] <= sessions.close_ns[np.maximum(at, 0)])
    offset = (bars.open_ns[usual] - sessions.open_ns[np.maximum(at, 0)])[inside]
    if len(offset) == 0:
        return cut_sessions(sessions, max(length, 1))
    first_ns = int(offset[0]) % length or length
    after = sessions.close_ns - sessions.open_ns - first_ns
    per_session = 1 + np.maximum(-(-after // length), 0)
    session = np.repeat(np.arange(len(sessions), dtype=np.int64), per_session)
    slot = np.arange(len(session), dtype=np.int64) - (np.cumsum(per_session) - per_session)[session]
    close_ns = np.minimum(sessions.open_ns[session] + first_ns + slot * length, sessions.close_ns[session])
    open_ns = np.where(
        slot == 0, sessions.open_ns[session], sessions.open_ns[session] + first_ns + (slot - 1) * length
    )
    return BucketFrame(open_ns, close_ns, session, slot)
