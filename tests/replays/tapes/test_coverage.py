"""What a tape covers, and where it has gaps."""

import numpy as np
import pandas as pd

from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.replays.tapes.calendar import sessions_between
from newsvol.replays.tapes.coverage import clock_changes, coverage_of

MINUTE = 60_000_000_000


def test_gaps_are_what_no_bar_covers():
    sessions = SessionFrame(
        open_ns=np.array([0, 100, 200]) * MINUTE, close_ns=np.array([10, 110, 205]) * MINUTE
    )
    opens = np.array([0, 1, 4, 5, 6, 7, 8, 9, 201, 202]) * MINUTE
    prices = np.ones(len(opens))
    bars = BarFrame(opens, opens + MINUTE, prices, prices, prices, prices, prices)
    found = coverage_of(bars, sessions, MINUTE)
    assert list(found.gap_first_ns // MINUTE) == [2, 100, 200, 203]
    assert list(found.gap_last_ns // MINUTE) == [4, 110, 201, 205]
    assert (found.missing_minutes, found.bars_expected, found.bars_present) == (15, 25, 10)
    assert (found.half_days, found.empty_sessions) == (1, 1)


def test_a_clock_change_is_told_by_the_first_session_after_it():
    sessions = sessions_between("XNYS", pd.Timestamp("2024-03-04").value, pd.Timestamp("2024-11-08").value)
    assert clock_changes(sessions, "America/New_York") == ["2024-03-11", "2024-11-04"]
    assert clock_changes(sessions, "Asia/Tokyo") != clock_changes(sessions, "America/New_York")
    assert clock_changes(sessions.take(slice(3)), "America/New_York") == []


def test_bars_outside_every_session_count_for_nothing():
    sessions = SessionFrame(np.array([10]) * MINUTE, np.array([12]) * MINUTE)
    opens = np.array([5, 10, 11, 12]) * MINUTE
    prices = np.ones(4)
    found = coverage_of(BarFrame(opens, opens + MINUTE, *[prices] * 5), sessions, MINUTE)
    assert (found.bars_expected, found.bars_present, found.missing_minutes) == (2, 2, 0)
