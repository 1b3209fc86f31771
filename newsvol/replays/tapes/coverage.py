"""How much of its sessions a tape covers: expected and present bars, gaps, half-days, clock changes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from newsvol.engine.arrays import NS_PER_MINUTE, IntArray
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.replays.tapes.calendar import session_of

GAPS_LISTED = 100
"""``tape.json`` lists the first so many gaps; all are counted."""


@dataclass(frozen=True)
class Coverage:
    """Bars against sessions.

    Attributes
    ----------
    sessions, half_days : int
    bars_expected, bars_present : int
        Bars that whole sessions would have, and bars that lie in sessions.
    empty_sessions : int
        Sessions without a single bar.
    gap_first_ns, gap_last_ns : IntArray, shape (G,)
        Start and end of each stretch of a session that no bar covers.
    """

    sessions: int
    half_days: int
    bars_expected: int
    bars_present: int
    empty_sessions: int
    gap_first_ns: IntArray
    gap_last_ns: IntArray

    @property
    def missing_minutes(self) -> int:
        """Minutes of sessions that no bar covers."""
        return int((self.gap_last_ns - self.gap_first_ns).sum() // NS_PER_MINUTE)

    def as_counts(self) -> dict[str, Any]:
        """Return the counts as ``tape.json`` keeps them, with the first `GAPS_LISTED` gaps."""
        listed = zip(self.gap_first_ns[:GAPS_LISTED], self.gap_last_ns[:GAPS_LISTED], strict=True)
        return {
            "sessions": self.sessions,
            "half_days": self.half_days,
            "bars_expected": self.bars_expected,
            "bars_present": self.bars_present,
            "missing_minutes": self.missing_minutes,
            "empty_sessions": self.empty_sessions,
            "gap_count": len(self.gap_first_ns),
            "gaps": [
                {
                    "first_utc": pd.Timestamp(first).isoformat(),
                    "last_utc": pd.Timestamp(last).isoformat(),
                    "minutes": int((last - first) // NS_PER_MINUTE),
                }
                for first, last in listed
            ],
        }


def coverage_of(bars: BarFrame, sessions: SessionFrame, bar_ns: int) -> Coverage:
    """Measure `bars` against `sessions`; bars outside them count for nothing.

    Parameters
    ----------
    bar_ns : int
        The usual length of a bar. A clock-hour tape has a shorter first or last bar, which counts as one.
    """
    inside = bars.take(session_of(sessions, bars.open_ns) >= 0)
    # Within a session, what opens next follows what closed last: both lists are in the same order.
    closed = np.sort(np.concatenate([sessions.open_ns, inside.close_ns]))
    opens = np.sort(np.concatenate([inside.open_ns, sessions.close_ns]))
    gap = opens > closed
    lengths = sessions.close_ns - sessions.open_ns
    return Coverage(
        sessions=len(sessions),
        half_days=int((lengths < np.median(lengths)).sum()) if len(sessions) else 0,
        bars_expected=int((-(-lengths // bar_ns)).sum()),
        bars_present=len(inside),
        empty_sessions=len(sessions) - len(np.unique(session_of(sessions, inside.open_ns))),
        gap_first_ns=closed[gap],
        gap_last_ns=opens[gap],
    )


def clock_changes(sessions: SessionFrame, zone: str) -> list[str]:
    """Return the dates of the first session after each change of the exchange's clock, ISO dates."""
    local = pd.DatetimeIndex(sessions.open_ns, tz="UTC").tz_convert(zone)
    offsets = local.tz_localize(None).as_unit("ns").asi8 - sessions.open_ns
    changed = np.flatnonzero(np.diff(offsets) != 0) + 1
    return [local[int(at)].date().isoformat() for at in changed]
