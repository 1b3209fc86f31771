"""The wake-up loop: every tick once, in order, with the clock at it."""

import numpy as np
import pytest

from newsvol.engine.clock import SimulatedClock
from newsvol.engine.errors import LookAheadError
from newsvol.engine.loop import walk
from newsvol.engine.ticks import TickFrame


def ticks_at(*available_ns: int) -> TickFrame:
    count = len(available_ns)
    return TickFrame(np.array(available_ns, np.int64), np.arange(count) % 2, np.arange(count) * 10)


def test_every_tick_is_visited_once_with_the_clock_at_it() -> None:
    clock = SimulatedClock(0)
    met: list[tuple[int, int, int, int]] = []
    walk(ticks_at(5, 5, 9), clock, lambda row, kind, item: met.append((clock.now_ns, row, kind, item)))
    assert met == [(5, 0, 0, 0), (5, 1, 1, 10), (9, 2, 0, 20)]


def test_the_clock_does_not_go_back() -> None:
    met: list[int] = []
    with pytest.raises(LookAheadError):
        walk(ticks_at(5, 9, 7), SimulatedClock(0), lambda row, _kind, _item: met.append(row))
    assert met == [0, 1]


def test_without_ticks_nobody_is_woken_and_no_time_passes() -> None:
    clock = SimulatedClock(3)
    walk(ticks_at(), clock, lambda *_: pytest.fail("woken without a tick"))
    assert clock.now_ns == 3
