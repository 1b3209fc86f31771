"""Strategies written event by event."""

import sys
from dataclasses import dataclass, field

import numpy as np
import pytest
from account import Account

from newsvol.engine.costs import Costs
from newsvol.engine.errors import InputError
from newsvol.engine.fills import FILL_MODELS, fill_orders
from newsvol.strategies.builtin import VolTarget
from newsvol.strategies.events import EventStrategy, Tick, as_columns, ticks
from newsvol.strategies.orders import order_sides, settle
from newsvol.strategies.portfolio import simulate
from newsvol.strategies.protocol import Strategy

COSTS = Costs(commission_bps=1, half_spread_bps=0.5, slippage_bps=1)


@dataclass
class EventVolTarget:
    """vol_target, as a user would write it event by event."""

    target_vol_pct: float = 10.0
    max_weight: float = 1.0
    every_bar: bool = False
    lookback: int = 1

    def on_tick(self, tick: Tick) -> float | None:
        if np.isnan(tick.variance):
            return None
        return min(self.max_weight, self.target_vol_pct / 100 / tick.annual_vol)


@dataclass
class EveryThird:
    """Remembers how many ticks it has seen."""

    every_bar: bool = False
    lookback: int = sys.maxsize
    seen: list[int] = field(default_factory=list)

    def on_tick(self, tick: Tick) -> float | None:
        self.seen.append(tick.tick_ns)
        return float(len(self.seen) % 2) if len(self.seen) % 3 == 0 else None


@dataclass
class Levered:
    every_bar: bool = False
    lookback: int = 1

    def on_tick(self, tick: Tick) -> float | None:
        return 2.0


def test_event_by_event_gives_the_weights_of_the_columns(make_frame):
    frame = make_frame(500, seed=3)
    by_event = as_columns(EventVolTarget())
    assert isinstance(by_event, Strategy)
    assert isinstance(EventVolTarget(), EventStrategy)
    assert by_event.decide(frame).tobytes() == VolTarget().decide(frame).tobytes()


def test_each_walk_starts_afresh(make_frame):
    frame, strategy = make_frame(7, seed=3), EveryThird()
    columns = as_columns(strategy)
    first = columns.decide(frame)
    assert first[[2, 5]].tolist() == [1.0, 0.0]
    assert first.tobytes() == columns.decide(frame).tobytes()
    assert strategy.seen == []


def test_a_strategy_with_memory_sees_the_same_past_tick_by_tick(make_frame):
    frame, columns = make_frame(40, seed=3), as_columns(EveryThird())
    by_tick = [
        columns.decide(frame.take(slice(max(0, i + 1 - columns.lookback), i + 1)))[-1] for i in range(40)
    ]
    assert np.array(by_tick).tobytes() == columns.decide(frame).tobytes()


def test_a_tick_is_a_row_of_the_frame(make_frame):
    frame = make_frame(3, seed=0)
    tick = ticks(frame)[2]
    assert (tick.tick_ns, tick.close, tick.tone) == (frame.tick_ns[2], frame.close[2], frame.tone[2])


def test_a_levered_weight_names_the_strategy_and_the_tick(make_frame):
    with pytest.raises(InputError, match=r"Levered.on_tick returned 2.0 at tick 0"):
        as_columns(Levered()).decide(make_frame(3, seed=0))


@pytest.mark.parametrize("model", FILL_MODELS)
def test_event_by_event_through_the_account_earns_what_the_columns_earn(model, make_frame, make_bars):
    frame, bars = make_frame(900, seed=8), make_bars(1200, seed=8)
    delay_ns = 20_000_000

    rows, targets = settle(VolTarget().decide(frame), frame.ready_ns, 0.05)
    sides = order_sides(targets.weight, frame.close[rows])
    fills = fill_orders(bars, targets.decided_ns + delay_ns, targets.weight, sides, model)
    result = simulate(bars, fills, COSTS, 1e6)

    account, strategy, last = Account(1e6, COSTS), EventVolTarget(), 0.0
    orders: list[tuple[int, float]] = []
    for tick in ticks(frame):
        weight = strategy.on_tick(tick)
        if weight is not None and weight != last and (last == 0 or weight == 0 or abs(weight - last) > 0.05):
            orders.append((tick.ready_ns + delay_ns, weight))
            last = weight
    equity, order = [], 0
    for i in range(len(bars)):
        while order < len(fills) and fills.bar[order] == i:
            arrival_ns, weight = orders[order]
            assert arrival_ns == fills.ordered_ns[order]
            account.fill(weight, float(fills.price[order]))
            order += 1
        equity.append(account.equity(float(bars.close[i])))
    assert order == len(fills) > 100
    assert result.equity == pytest.approx(np.array(equity), abs=0.005, rel=0)
