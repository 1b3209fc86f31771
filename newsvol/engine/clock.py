"""The simulated clock."""

import numpy as np

from newsvol.engine.errors import LookAheadError


def utc_second(stamp_ns: int) -> str:
    """Return a stamp as messages write it: ``2023-12-15T20:30:00 UTC``."""
    return f"{np.datetime64(int(stamp_ns), 'ns').astype('datetime64[s]')} UTC"


class SimulatedClock:
    """Time inside a replay: int64 UTC nanoseconds that only move forward.

    Parameters
    ----------
    start_ns : int
        The first instant of the replay.
    """

    def __init__(self, start_ns: int) -> None:
        self._now_ns = start_ns

    @property
    def now_ns(self) -> int:
        """The present. What became available later must not be touched."""
        return self._now_ns

    def advance(self, to_ns: int) -> None:
        """Move to `to_ns`.

        Raises
        ------
        LookAheadError
            `to_ns` is in the past.
        """
        if to_ns < self._now_ns:
            raise LookAheadError(f"the clock stands at {self._now_ns} ns and cannot go back to {to_ns} ns")
        self._now_ns = to_ns
