"""The clock never goes back, and the loop visits every tick once, in order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.clock import SimulatedClock
from newsvol.engine.errors import LookAheadError
from newsvol.engine.loop import walk
from newsvol.engine.ticks import TickFrame, TickKind, merge_ticks

stamps = st.lists(st.integers(0, 50), max_size=30).map(
    lambda values: np.array(sorted(values), dtype=np.int64)
)


@given(st.lists(st.integers(-(2**62), 2**62), max_size=30))
def test_the_clock_never_goes_back(targets):
    clock = SimulatedClock(0)
    for target in targets:
        before = clock.now_ns
        if target < before:
            with pytest.raises(LookAheadError, match="cannot go back"):
                clock.advance(target)
            assert clock.now_ns == before
        else:
            clock.advance(target)
            assert clock.now_ns == target


def test_standing_still_is_allowed():
    clock = SimulatedClock(5)
    clock.advance(5)
    assert clock.now_ns == 5


@given(stamps, stamps)
def test_the_loop_visits_every_tick_in_order_with_the_clock_at_its_stamp(bucket_ends, headlines):
    ticks = merge_ticks({TickKind.BUCKET_END: bucket_ends, TickKind.HEADLINE: headlines})
    clock = SimulatedClock(0)
    seen = []
    walk(ticks, clock, lambda row, kind, item: seen.append((row, clock.now_ns, kind, item)))
    columns = (ticks.available_ns.tolist(), ticks.kind.tolist(), ticks.item.tolist())
    assert seen == list(zip(range(len(ticks)), *columns, strict=True))


def test_the_loop_stops_at_ticks_out_of_order():
    ticks = TickFrame(np.array([10, 30, 20]), np.array([2, 2, 2]), np.arange(3))
    seen = []
    with pytest.raises(LookAheadError, match="stands at 30 ns and cannot go back to 20 ns"):
        walk(ticks, SimulatedClock(0), lambda row, kind, item: seen.append(row))
    assert seen == [0, 1]


def test_the_loop_refuses_a_clock_that_is_past_the_first_tick():
    ticks = TickFrame(np.array([10]), np.array([2]), np.array([0]))
    with pytest.raises(LookAheadError):
        walk(ticks, SimulatedClock(11), lambda row, kind, item: None)
