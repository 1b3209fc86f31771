"""Sessions without bars: short gaps, long gaps, and tapes that are mostly gap."""

import numpy as np
import pytest

from newsvol.engine.errors import TapeError
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.replays.tapes.empty_sessions import (
    LONG_GAP_SESSIONS,
    empty_sessions,
    has_lately_traded,
    require_traded,
    resumed_bars,
)

SESSIONS = SessionFrame(np.arange(40) * 100, np.arange(40) * 100 + 10)


def bars_in(*sessions: int) -> BarFrame:
    """Two bars in each of these sessions."""
    opens = np.sort(np.concatenate([SESSIONS.open_ns[list(sessions)], SESSIONS.open_ns[list(sessions)] + 5]))
    prices = np.ones(len(opens))
    return BarFrame(opens, opens + 5, prices, prices, prices, prices, prices)


def test_a_long_gap_is_more_than_a_week_of_empty_sessions():
    week = 10 + LONG_GAP_SESSIONS
    short = empty_sessions(bars_in(*range(10), *range(week, 40)), SESSIONS)
    assert (short.empty.sum(), short.longest, short.long_gaps) == (LONG_GAP_SESSIONS, LONG_GAP_SESSIONS, 0)
    assert not short.in_long_gap.any()
    long = empty_sessions(bars_in(*range(10), *range(week + 1, 40)), SESSIONS)
    assert (long.longest, long.long_gaps) == (LONG_GAP_SESSIONS + 1, 1)
    assert np.flatnonzero(long.in_long_gap).tolist() == list(range(10, week + 1))


def test_gaps_are_told_apart_and_those_at_the_ends_count():
    found = empty_sessions(bars_in(8, 9, 11, 12, 25), SESSIONS)
    assert np.flatnonzero(~found.empty).tolist() == [8, 9, 11, 12, 25]
    assert (found.longest, found.long_gaps) == (14, 3)
    assert np.flatnonzero(~found.in_long_gap).tolist() == [8, 9, 10, 11, 12, 25]


def test_a_tape_resumes_at_the_first_bar_after_a_long_gap():
    bars = bars_in(8, 9, 11, 12, 25)
    assert resumed_bars(bars, SESSIONS).tolist() == [
        8
    ]  # nothing comes before the first gap or after the last
    assert bars.open_ns[8] == SESSIONS.open_ns[25]


def test_a_span_that_is_mostly_empty_is_refused_in_one_line():
    require_traded(bars_in(*range(20)), SESSIONS, "the span")
    with pytest.raises(
        TapeError, match=r"^21 of the 40 sessions of the span have no bars, 21 .* in a row.*--from"
    ):
        require_traded(bars_in(*range(19)), SESSIONS, "the span")


def test_no_session_is_no_gap():
    nowhere = SESSIONS.take(slice(0))
    assert empty_sessions(bars_in(1), nowhere).longest == 0
    require_traded(bars_in(1), nowhere, "the span")


def test_after_a_session_without_bars_the_next_bar_is_waited_for():
    bars = bars_in(2, 3, 5)
    moments = {
        305: True,  # a bar has just ended
        310: True,
        405: True,  # nobody knows yet that this session will be empty
        409: True,
        410: False,
        500: False,
        504: False,
        505: True,
        620: False,
    }
    found = has_lately_traded(np.array(list(moments)), bars, SESSIONS)
    assert found.tolist() == list(moments.values())
    early = has_lately_traded(np.array([-5, 5, 10]), bars, SESSIONS)
    assert early.tolist() == [True, True, False]  # nothing is over, then one is, and empty
