"""Fills: never before the order, never at a price the bar did not have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.arrays import NS_PER_HOUR, NS_PER_MINUTE
from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.engine.fills import FILL_MODELS, fill_orders
from newsvol.engine.frames import BarFrame, FillFrame

START_NS = 1_700_000_000_000_000_000


def make_bars(gaps_minutes: list[int], seed: int) -> BarFrame:
    """Bars of one minute, each after a gap (0: no gap) of so many minutes."""
    rng = np.random.default_rng(seed)
    gaps = np.array(gaps_minutes, dtype=np.int64)
    open_ns = START_NS + (np.cumsum(gaps) + np.arange(len(gaps))) * NS_PER_MINUTE
    opening = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, len(gaps))))
    closing = opening * np.exp(rng.normal(0, 0.01, len(gaps)))
    return BarFrame(
        open_ns=open_ns,
        close_ns=open_ns + NS_PER_MINUTE,
        open=opening,
        high=np.maximum(opening, closing) * (1 + rng.uniform(0, 0.01, len(gaps))),
        low=np.minimum(opening, closing) * (1 - rng.uniform(0, 0.01, len(gaps))),
        close=closing,
        volume=np.full(len(gaps), 100.0),
    )


@st.composite
def markets(draw: st.DrawFn) -> tuple[BarFrame, np.ndarray, np.ndarray]:
    gaps = draw(st.lists(st.sampled_from([0, 0, 0, 1, 7]), min_size=1, max_size=20))
    bars = make_bars(gaps, draw(st.integers(0, 99)))
    last = int(bars.close_ns[-1] + NS_PER_MINUTE)
    anywhere = st.integers(START_NS - NS_PER_MINUTE, last)
    stamps = [*bars.open_ns.tolist(), *bars.close_ns.tolist(), *(bars.close_ns - 1).tolist()]
    arrivals = draw(st.lists(st.one_of(anywhere, st.sampled_from(stamps)), max_size=12))
    sides = draw(st.lists(st.sampled_from([-1, 1]), min_size=len(arrivals), max_size=len(arrivals)))
    return bars, np.array(sorted(arrivals), dtype=np.int64), np.array(sides, dtype=np.int64)


def fill(bars: BarFrame, arrival_ns: np.ndarray, side: np.ndarray, model: str) -> FillFrame:
    return fill_orders(bars, arrival_ns, side * 0.5, side, model)


@given(markets(), st.sampled_from(FILL_MODELS))
def test_an_order_never_fills_before_it_reached_the_market(market, model):
    bars, arrival_ns, side = market
    fills = fill(bars, arrival_ns, side, model)
    assert np.all(fills.filled_ns >= fills.ordered_ns)
    assert np.all(fills.ordered_ns == arrival_ns[: len(fills)])
    assert np.all(np.diff(fills.bar) >= 0)
    assert np.all(np.diff(fills.filled_ns) >= 0)


@given(markets(), st.sampled_from(FILL_MODELS))
def test_an_order_fills_inside_its_bar_at_a_price_of_its_bar(market, model):
    bars, arrival_ns, side = market
    fills = fill(bars, arrival_ns, side, model)
    bar = bars.take(fills.bar)
    assert np.all((bar.open_ns <= fills.filled_ns) & (fills.filled_ns < bar.close_ns))
    assert np.all((bar.low <= fills.price) & (fills.price <= bar.high))


@given(markets())
def test_the_bridge_price_lies_between_open_and_close(market):
    bars, arrival_ns, side = market
    fills = fill(bars, arrival_ns, side, "bridge")
    bar = bars.take(fills.bar)
    assert np.all(np.minimum(bar.open, bar.close) <= fills.price)
    assert np.all(fills.price <= np.maximum(bar.open, bar.close))


@given(markets())
def test_the_worst_price_is_at_least_as_bad_as_the_bridge(market):
    bars, arrival_ns, side = market
    bridge, worst = (fill(bars, arrival_ns, side, model) for model in ("bridge", "worst"))
    assert np.array_equal(bridge.bar, worst.bar)
    assert np.all((worst.price - bridge.price) * side[: len(worst)] >= 0)


@given(markets())
def test_next_open_never_uses_the_bar_in_progress(market):
    bars, arrival_ns, side = market
    fills = fill(bars, arrival_ns, side, "next_open")
    assert np.all(bars.open_ns[fills.bar] >= fills.ordered_ns)
    assert np.array_equal(fills.filled_ns, bars.open_ns[fills.bar])
    earlier = fills.bar > 0
    assert np.all(bars.open_ns[fills.bar[earlier] - 1] < fills.ordered_ns[earlier])


@given(markets(), st.sampled_from(FILL_MODELS))
def test_only_orders_without_a_later_bar_stay_unfilled(market, model):
    bars, arrival_ns, side = market
    fills = fill(bars, arrival_ns, side, model)
    last_moment = bars.open_ns[-1] if model == "next_open" else bars.close_ns[-1] - 1
    assert len(fills) == np.count_nonzero(arrival_ns <= last_moment)


@pytest.mark.parametrize("model", ["bridge", "next_open"])
def test_an_order_outside_the_session_fills_at_the_next_open(model):
    bars = make_bars([0, 60 * 17], seed=1)
    fills = fill(bars, bars.close_ns[:1] + NS_PER_HOUR, np.array([1]), model)
    assert fills.bar.tolist() == [1]
    assert fills.filled_ns.tolist() == [int(bars.open_ns[1])]
    assert fills.price.tolist() == [float(bars.open[1])]


def test_the_bridge_interpolates_by_elapsed_time():
    bars = make_bars([0, 0], seed=2)
    fills = fill(bars, bars.open_ns[1:] + NS_PER_MINUTE // 4, np.array([1]), "bridge")
    assert fills.price[0] == pytest.approx(0.75 * bars.open[1] + 0.25 * bars.close[1])


def test_worst_buys_the_high_and_sells_the_low():
    bars = make_bars([0], seed=3)
    fills = fill(bars, bars.open_ns[[0, 0]] + 5, np.array([1, -1]), "worst")
    assert fills.price.tolist() == [float(bars.high[0]), float(bars.low[0])]


def test_an_unknown_fill_model_names_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"unknown fill model 'brigde'; did you mean 'bridge'\?"):
        fill(make_bars([0], seed=0), np.zeros(0, np.int64), np.zeros(0, np.int64), "brigde")


def test_orders_out_of_order_are_refused_with_their_row():
    bars = make_bars([0, 0], seed=0)
    with pytest.raises(InputError, match="order 2 reaches the market before order 1"):
        fill(bars, START_NS + np.array([0, 9, 5]), np.ones(3, np.int64), "bridge")


def test_orders_of_different_lengths_are_refused():
    bars = make_bars([0], seed=0)
    with pytest.raises(InputError, match="2 arrivals, 1 weights, 2 sides"):
        fill_orders(bars, START_NS + np.arange(2), np.zeros(1), np.ones(2, np.int64), "bridge")
