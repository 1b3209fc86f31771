"""The vectorbt portfolio against the event-by-event account, to the cent."""

import subprocess
import sys

import numpy as np
import pytest
from account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from newsvol.engine.costs import Costs
from newsvol.engine.errors import InputError
from newsvol.engine.frames import BarFrame, FillFrame
from newsvol.strategies.portfolio import PortfolioResult, simulate

CENT = 0.005
COSTS = Costs(commission_bps=1.5, half_spread_bps=0.7, slippage_bps=2)
FREE = Costs(0, 0, 0)


def random_fills(bars: BarFrame, orders: int, rng: np.random.Generator, low: float) -> FillFrame:
    """Orders in random bars (several in one), many of them to an extreme, at prices of their bar."""
    bar = np.sort(rng.integers(0, len(bars), orders))
    weight = np.where(
        rng.random(orders) < 0.4, rng.choice([low, 0.0, 1.0], orders), rng.uniform(low, 1, orders)
    )
    stamp_ns = bars.open_ns[bar]
    price = bars.low[bar] + (bars.high[bar] - bars.low[bar]) * rng.random(orders)
    return FillFrame(bar=bar, ordered_ns=stamp_ns, filled_ns=stamp_ns, weight=weight, price=price)


def assert_agrees_with_the_account(
    result: PortfolioResult, bars: BarFrame, fills: FillFrame, costs: Costs
) -> None:
    account, order, equity = Account(result.cash, costs), 0, []
    for i in range(len(bars)):
        while order < len(fills) and fills.bar[order] == i:
            trade = account.fill(float(fills.weight[order]), float(fills.price[order]))
            assert trade.shares == pytest.approx(result.shares[order], abs=1e-5, rel=1e-9)
            assert trade.cost == pytest.approx(result.cost[order], abs=CENT, rel=0)
            assert not trade.shares or trade.price == pytest.approx(result.price[order], rel=1e-12)
            order += 1
        equity.append(account.equity(float(bars.close[i])))
    assert result.equity == pytest.approx(np.array(equity), abs=CENT, rel=0)


@pytest.mark.parametrize("seed", range(20))
def test_hundreds_of_orders_agree_with_the_account_to_the_cent(seed, make_bars):
    rng = np.random.default_rng(seed)
    bars = make_bars(800, seed)
    costs = FREE if seed % 5 == 0 else Costs(*rng.uniform(0, 10, 3).tolist())
    fills = random_fills(bars, 600, rng, low=0.0 if seed % 2 else -1.0)
    result = simulate(bars, fills, costs, 1_000_000.0)
    assert_agrees_with_the_account(result, bars, fills, costs)


@given(seed=st.integers(0, 10**6), orders=st.integers(0, 40), cash=st.sampled_from([1e3, 1e6]))
@settings(max_examples=25, deadline=None)
def test_any_few_orders_agree_with_the_account_to_the_cent(seed, orders, cash, make_bars):
    bars = make_bars(15, seed)
    fills = random_fills(bars, orders, np.random.default_rng(seed), low=-1.0)
    assert_agrees_with_the_account(simulate(bars, fills, COSTS, cash), bars, fills, COSTS)


def test_a_ruined_short_agrees_with_the_account(make_bars):
    bars = make_bars(4, seed=0)
    price = np.array([100.0, 150.0, 230.0, 240.0])
    bars = BarFrame(bars.open_ns, bars.close_ns, price, price, price, price, bars.volume)
    fills = FillFrame(np.arange(4), bars.open_ns, bars.open_ns, np.array([-1.0, -0.5, 0.0, 1.0]), price)
    assert_agrees_with_the_account(simulate(bars, fills, COSTS, 1e6), bars, fills, COSTS)


def test_the_equity_is_that_of_the_vectorbt_portfolio(make_bars):
    bars = make_bars(300, seed=1)
    fills = random_fills(bars, 200, np.random.default_rng(1), low=-1.0)
    result = simulate(bars, fills, COSTS, 1e6)
    value = result.portfolio.value()
    assert value.index.is_unique
    assert value.index.tz is None
    at_close = value.loc[bars.close_ns.view("M8[ns]")].to_numpy()
    assert result.equity == pytest.approx(at_close, abs=1e-6, rel=0)


def test_orders_in_one_bar_are_executed_in_order(make_bars):
    bars = make_bars(3, seed=2)
    price = bars.low[1] + np.array([0.0, 0.05, 0.01])
    fills = FillFrame(np.array([1, 1, 1]), np.arange(3), np.arange(3), np.array([1.0, 0.0, 0.5]), price)
    result = simulate(bars, fills, FREE, 1e6)
    assert result.shares[0] == pytest.approx(1e6 / price[0])
    assert result.shares[1] == pytest.approx(-1e6 / price[0])
    assert result.shares[2] == pytest.approx(0.5 * 1e6 * price[1] / price[0] / price[2])


def test_without_orders_the_cash_lies_still(make_bars):
    bars = make_bars(5, seed=0)
    result = simulate(bars, random_fills(bars, 0, np.random.default_rng(0), low=0.0), COSTS, 5_000.0)
    assert result.equity.tolist() == [5_000.0] * 5
    assert len(result.shares) == 0


def test_an_order_with_nothing_to_trade_costs_nothing(make_bars):
    bars = make_bars(5, seed=0)
    fills = FillFrame(np.array([2]), np.array([0]), np.array([0]), np.array([0.0]), bars.close[[2]])
    result = simulate(bars, fills, COSTS, 1e6)
    assert (result.shares[0], result.cost[0], result.price[0]) == (0.0, 0.0, bars.close[2])


def test_a_portfolio_needs_cash_and_bars(make_bars):
    bars = make_bars(5, seed=0)
    fills = random_fills(bars, 2, np.random.default_rng(0), low=0.0)
    with pytest.raises(InputError, match="positive amount of cash"):
        simulate(bars, fills, COSTS, 0.0)
    with pytest.raises(InputError, match="no bars"):
        simulate(bars.take(slice(0, 0)), fills.take(slice(0, 0)), COSTS, 1.0)


def test_only_the_portfolio_needs_vectorbt():
    code = (
        "import sys, newsvol.strategies.builtin, newsvol.strategies.events, newsvol.strategies.performance;"
        "sys.exit('vectorbt' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
