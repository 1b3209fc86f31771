"""Scheduled events: in which buckets they are felt."""

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_HOUR, NS_PER_MINUTE
from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.signals.volatility.buckets import BucketFrame, cut_sessions
from newsvol.signals.volatility.schedule import Schedule


@pytest.fixture
def buckets(make_sessions) -> BucketFrame:
    return cut_sessions(make_sessions(3, half_days=[1]))


def felt(buckets: BucketFrame, *events: tuple[str, int]) -> dict[str, list[int]]:
    names, stamps = zip(*events, strict=True)
    schedule = Schedule(np.array(names, dtype=object), np.array(stamps, dtype=np.int64))
    table = schedule.columns(buckets)
    return {name: np.flatnonzero(table[:, j]).tolist() for j, name in enumerate(schedule.column_names())}


def test_an_announcement_is_felt_in_its_bucket_and_the_next(buckets):
    two_pm = int(buckets.open_ns[0]) + 270 * NS_PER_MINUTE
    assert felt(buckets, ("FOMC", two_pm)) == {"FOMC": [4], "FOMC+1": [5]}


def test_an_announcement_as_a_bucket_begins_is_felt_in_that_one_alone(buckets):
    assert felt(buckets, ("ISM", int(buckets.open_ns[2]))) == {"ISM": [2], "ISM+1": []}


def test_a_release_before_the_open_is_felt_as_the_session_opens(buckets):
    stamp = int(buckets.open_ns[7]) - NS_PER_HOUR
    assert felt(buckets, ("CPI", stamp)) == {"CPI": [7], "CPI+1": []}


def test_what_happens_at_night_or_after_the_tape_is_left_out(buckets):
    night = int(buckets.close_ns[6]) + 2 * NS_PER_HOUR
    after = int(buckets.close_ns[-1])
    assert felt(buckets, ("SPEECH", night), ("LATE", after)) == {
        "LATE": [], "LATE+1": [], "SPEECH": [], "SPEECH+1": [],
    }  # fmt: skip


def test_nothing_is_felt_after_a_session_has_closed(buckets):
    last_of_half_day = int(buckets.close_ns[10]) - NS_PER_MINUTE
    assert felt(buckets, ("X", last_of_half_day)) == {"X": [10], "X+1": []}


def test_events_are_chosen_by_name():
    schedule = Schedule(np.array(["CPI", "FOMC", "CPI"], dtype=object), np.arange(3))
    assert schedule.choose(["CPI"]).event_ns.tolist() == [0, 2]
    assert schedule.names == ("CPI", "FOMC")
    with pytest.raises(UnknownNameError, match="unknown event 'FMOC'; did you mean 'FOMC'"):
        schedule.choose(["FMOC"])


def test_an_empty_schedule_is_refused():
    with pytest.raises(InputError, match="no event"):
        Schedule(np.empty(0, dtype=object), np.empty(0, dtype=np.int64))


def test_no_buckets_have_no_dummies():
    none = BucketFrame(*(np.empty(0, np.int64) for _ in range(4)))
    assert Schedule(np.array(["A"], dtype=object), np.zeros(1, np.int64)).columns(none).shape == (0, 2)
