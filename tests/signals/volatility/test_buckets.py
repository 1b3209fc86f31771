"""Buckets hang on the open of the session and cover it exactly."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.arrays import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_SECOND
from newsvol.engine.frames import SessionFrame
from newsvol.signals.volatility.buckets import BucketFrame, cut_sessions

NEW_YORK = ZoneInfo("America/New_York")
FULL_DAY = ["09:30", "10:30", "11:30", "12:30", "13:30", "14:30", "15:30", "16:00"]


def new_york_sessions(*spans: tuple[date, time]) -> SessionFrame:
    """Sessions from 09:30 to the given time in New York."""

    def stamp(day: date, clock: time) -> int:
        return int(datetime.combine(day, clock, NEW_YORK).timestamp()) * NS_PER_SECOND

    return SessionFrame(
        np.array([stamp(day, time(9, 30)) for day, _ in spans]), np.array([stamp(*span) for span in spans])
    )


def edges(buckets: BucketFrame, session: int) -> list[str]:
    """Clock times in New York at which the buckets of a session begin, and the last one ends."""
    mine = buckets.take(buckets.session == session)
    stamps = [*mine.open_ns.tolist(), int(mine.close_ns[-1])]
    return [
        datetime.fromtimestamp(ns // NS_PER_SECOND, UTC).astimezone(NEW_YORK).strftime("%H:%M")
        for ns in stamps
    ]


def test_a_full_day_has_six_hours_and_a_half_hour():
    buckets = cut_sessions(new_york_sessions((date(2024, 1, 3), time(16))))
    assert edges(buckets, 0) == FULL_DAY
    assert buckets.slot.tolist() == list(range(7))
    assert buckets.n_slots == 7
    assert (buckets.close_ns[-1] - buckets.open_ns[-1]) == 30 * NS_PER_MINUTE


def test_a_half_day_ends_early_and_counts_as_many_slots_as_it_has():
    buckets = cut_sessions(new_york_sessions((date(2024, 7, 3), time(13)), (date(2024, 7, 5), time(16))))
    assert edges(buckets, 0) == ["09:30", "10:30", "11:30", "12:30", "13:00"]
    assert edges(buckets, 1) == FULL_DAY
    assert buckets.slot.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6]
    assert buckets.n_slots == 7


def test_buckets_keep_new_york_time_when_clocks_change():
    days = [date(2024, 3, 8), date(2024, 3, 11), date(2024, 11, 1), date(2024, 11, 4)]
    sessions = new_york_sessions(*[(day, time(16)) for day in days])
    opens = sessions.open_ns % (24 * NS_PER_HOUR) / NS_PER_HOUR
    assert opens.tolist() == [14.5, 13.5, 13.5, 14.5]
    buckets = cut_sessions(sessions)
    assert all(edges(buckets, session) == FULL_DAY for session in range(4))


def test_no_sessions_have_no_buckets():
    buckets = cut_sessions(SessionFrame(np.empty(0, np.int64), np.empty(0, np.int64)))
    assert len(buckets) == 0
    assert buckets.n_slots == 0


@given(
    st.lists(st.tuples(st.integers(1, 600), st.integers(0, 900)), min_size=1, max_size=12),
    st.integers(1, 120),
)
def test_buckets_cover_every_session_without_gap_or_overlap(spans, bucket_minutes):
    length, gap = (np.array(column) * NS_PER_MINUTE for column in zip(*spans, strict=True))
    close_ns = np.cumsum(length + gap)
    sessions = SessionFrame(close_ns - length, close_ns)
    buckets = cut_sessions(sessions, bucket_minutes * NS_PER_MINUTE)
    assert np.all(buckets.close_ns > buckets.open_ns)
    assert np.all(buckets.close_ns - buckets.open_ns <= bucket_minutes * NS_PER_MINUTE)
    for row in range(len(sessions)):
        mine = buckets.take(buckets.session == row)
        assert mine.open_ns[0] == sessions.open_ns[row]
        assert mine.close_ns[-1] == sessions.close_ns[row]
        assert np.array_equal(mine.open_ns[1:], mine.close_ns[:-1])
        assert mine.slot.tolist() == list(range(len(mine)))
        assert np.all(np.diff(mine.open_ns) == bucket_minutes * NS_PER_MINUTE)
