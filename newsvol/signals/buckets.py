"""Buckets: the hours of a session, anchored to its open."""

from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import NS_PER_HOUR, IntArray
from newsvol.engine.frames import Columns, SessionFrame


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
