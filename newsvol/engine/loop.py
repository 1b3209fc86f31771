"""The wake-up loop: the clock walks from tick to tick, and somebody acts at each."""

from collections.abc import Callable

from newsvol.engine.clock import SimulatedClock
from newsvol.engine.ticks import TickFrame


def walk(ticks: TickFrame, clock: SimulatedClock, on_tick: Callable[[int, int, int], None]) -> None:
    """Move `clock` to every tick in turn and call ``on_tick(row, kind, item)`` there.

    Between ticks nothing is visited: what bars did in between is read as a slice. Cost grows with ticks.

    Raises
    ------
    LookAheadError
        The ticks are not in order.
    """
    rows = zip(ticks.available_ns.tolist(), ticks.kind.tolist(), ticks.item.tolist(), strict=True)
    for row, (available_ns, kind, item) in enumerate(rows):
        clock.advance(available_ns)
        on_tick(row, kind, item)
