"""Scheduled events: in which buckets they are felt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.signals.volatility.buckets import BucketFrame, cut_sessions
from newsvol.signals.volatility.schedule import ALWAYS_NS, NEVER_NS, Schedule


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


def known(buckets: BucketFrame, event_ns: int, since_ns: int, until_ns: int) -> list[int]:
    stamps = (np.array([stamp], dtype=np.int64) for stamp in (event_ns, since_ns, until_ns))
    return np.flatnonzero(Schedule(np.array(["CPI"], dtype=object), *stamps).columns(buckets)).tolist()


def test_a_bucket_goes_by_the_plan_that_stood_when_it_began(buckets):
    event = int(buckets.open_ns[9]) + 30 * NS_PER_MINUTE
    begins, next_begins = int(buckets.open_ns[9]), int(buckets.open_ns[10])
    both, first, second = [2 * 9, 2 * 10 + 1], [2 * 9], [2 * 10 + 1]
    assert known(buckets, event, ALWAYS_NS, NEVER_NS) == both
    assert known(buckets, event, begins, NEVER_NS) == both
    assert known(buckets, event, begins + 1, NEVER_NS) == second
    assert known(buckets, event, ALWAYS_NS, begins) == []
    assert known(buckets, event, ALWAYS_NS, begins + 1) == first
    assert known(buckets, event, ALWAYS_NS, next_begins) == first
    assert known(buckets, event, ALWAYS_NS, next_begins + 1) == both


def test_what_was_announced_as_it_happened_is_never_used(buckets):
    event = int(buckets.open_ns[9]) + 30 * NS_PER_MINUTE
    assert known(buckets, event, event, NEVER_NS) == []
    assert known(buckets, event, event - 1, NEVER_NS) == [2 * 10 + 1]


@given(
    stamps=st.lists(st.tuples(*[st.integers(-3 * 24, 6 * 24)] * 3), min_size=1, max_size=8),
    cut=st.integers(0, 20),
)
def test_what_is_announced_or_called_off_later_changes_nothing_before(make_sessions, stamps, cut):
    buckets = cut_sessions(make_sessions(3))
    event, since, until = (
        int(buckets.open_ns[0]) + np.array(column, dtype=np.int64) * NS_PER_HOUR
        for column in zip(*stamps, strict=True)
    )
    names = np.array(["A", "B"] * len(stamps), dtype=object)[: len(stamps)]
    whole = Schedule(names, event, since, until)
    now = int(buckets.forecast_ns[cut])
    news_to_come = Schedule(
        names, event, np.where(since > now, NEVER_NS, since), np.where(until > now, NEVER_NS, until)
    )
    before = slice(cut + 1)
    np.testing.assert_array_equal(whole.columns(buckets)[before], news_to_come.columns(buckets)[before])


def test_a_schedule_says_how_far_it_reaches():
    days = NS_PER_DAY * np.array([10, 20, 40, 50, 60, 70], dtype=np.int64)
    names = np.array(["A", "A", "A", "B", "A", "B"], dtype=object)
    until = np.array([NEVER_NS] * 4 + [0, NEVER_NS], dtype=np.int64)
    schedule = Schedule(names, days, np.full(6, ALWAYS_NS), until)
    assert schedule.reach() == {"A": (days[0], days[2]), "B": (days[3], days[5])}
    day = NS_PER_DAY
    # A lie up to twenty days apart, those of B twenty
    assert schedule.out_of_reach(30 * day, 60 * day) == ()
    assert schedule.out_of_reach(30 * day - 1, 60 * day) == ("B",)
    assert schedule.out_of_reach(30 * day, 60 * day + 1) == ("A",)
    single = Schedule(np.array(["X"], dtype=object), days[:1])
    assert single.out_of_reach(0, 10**18) == ()


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
