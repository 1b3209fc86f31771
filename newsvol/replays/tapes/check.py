"""A second look at a tape that was saved: is it whole, and what are its gaps."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from newsvol.engine.errors import TapeError
from newsvol.replays.tapes.calendar import session_of, sessions_between
from newsvol.replays.tapes.coverage import Coverage, clock_changes, coverage_of
from newsvol.replays.tapes.tape import Tape, load_tape


@dataclass(frozen=True)
class TapeCheck:
    """What `check_tape` found in a whole tape.

    Attributes
    ----------
    half_days, clock_changes : tuple of str
        ISO dates on the exchange's clock.
    repeated_headlines : int
        Headlines whose text came before from the same source, under another stamp.
    calendar_agrees : bool
        False where the sessions are not those that the installed calendar gives; calendars are corrected
        now and then, and the tape keeps those it was made with.
    """

    tape: Tape
    content_hash: str
    coverage: Coverage
    half_days: tuple[str, ...]
    clock_changes: tuple[str, ...]
    repeated_headlines: int
    calendar_agrees: bool

    def as_json(self) -> dict[str, Any]:
        """Return the check as plain values."""
        return {
            "content_hash": self.content_hash,
            **self.coverage.as_counts(),
            "half_day_dates": list(self.half_days),
            "clock_changes": list(self.clock_changes),
            "bad_prints": len(self.tape.bad_prints),
            "headlines": len(self.tape.news),
            "repeated_headlines": self.repeated_headlines,
            "calendar_agrees": self.calendar_agrees,
        }


def check_tape(folder: Path) -> TapeCheck:
    """Load the tape in `folder`, check its hash and contents again, and measure its gaps.

    Raises
    ------
    TapeError
        The folder is damaged or was changed, or what it holds contradicts itself.
    """
    tape = load_tape(folder)
    bars, sessions, info = tape.bars, tape.sessions, tape.info
    if len(bars) == 0:
        raise TapeError(f"{folder} holds no bars; import it again")
    outside = (session_of(sessions, bars.open_ns) < 0) | (session_of(sessions, bars.close_ns - 1) < 0)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        raise TapeError(
            f"{folder} has {int(outside.sum())} bars outside its sessions, bar {row} first; import it again"
        )
    if not np.isin(tape.bad_prints.open_ns, bars.open_ns).all():
        raise TapeError(f"{folder} has bad prints of bars that it does not hold; import it again")
    if len(np.unique(tape.news.item_id)) != len(tape.news):
        raise TapeError(f"{folder} has headlines that share an item_id; import it again")
    coverage = coverage_of(bars, sessions, info.bar_ns)
    counted = {**coverage.as_counts(), "headlines": len(tape.news)}
    for name, value in counted.items():
        if name != "gaps" and name in info.counts and info.counts[name] != value:
            raise TapeError(
                f"{folder}: tape.json counts {info.counts[name]} {name}, found {value}; import it again"
            )
    expected = sessions_between(info.calendar, int(bars.open_ns[0]), int(bars.close_ns[-1]))
    lengths = sessions.close_ns - sessions.open_ns
    local = pd.DatetimeIndex(sessions.open_ns, tz="UTC").tz_convert(info.timezone)
    return TapeCheck(
        tape=tape,
        content_hash=tape.content_hash(),
        coverage=coverage,
        half_days=tuple(day.date().isoformat() for day in local[lengths < np.median(lengths)]),
        clock_changes=tuple(clock_changes(sessions, info.timezone)),
        repeated_headlines=int(
            pd.DataFrame({"source": tape.news.source, "headline": tape.news.headline}).duplicated().sum()
        ),
        calendar_agrees=np.array_equal(expected.open_ns, sessions.open_ns)
        and np.array_equal(expected.close_ns, sessions.close_ns),
    )
