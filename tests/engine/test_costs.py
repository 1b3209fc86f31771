"""The event-by-event account; its agreement with vectorbt is in tests/strategies/test_portfolio.py."""

import pytest
from account import Account
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.costs import Costs
from newsvol.engine.errors import InputError

FREE = Costs(commission_bps=0, half_spread_bps=0, slippage_bps=0)
COSTLY = Costs(commission_bps=10, half_spread_bps=5, slippage_bps=5)
weights = st.floats(-1, 1)
prices = st.floats(1, 1000)


def test_a_target_weight_holds_that_share_of_equity():
    account = Account(1000.0, FREE)
    account.fill(0.25, 50.0)
    assert account.shares == 5.0
    assert account.cash == 750.0


def test_a_full_purchase_is_clipped_to_what_the_cash_pays_for():
    account = Account(1_000_000.0, COSTLY)
    trade = account.fill(1.0, 100.0)
    assert account.cash == 0.0
    assert trade.price == pytest.approx(100.1)
    assert trade.shares * 100.1 * 1.001 == pytest.approx(1_000_000.0)


def test_a_full_short_sale_is_not_limited_by_cash():
    account = Account(1000.0, COSTLY)
    assert account.fill(-1.0, 10.0).shares == -100.0


def test_the_cost_of_a_trade_is_what_the_equity_lost():
    account = Account(1000.0, COSTLY)
    trade = account.fill(0.5, 10.0)
    assert trade.cost == pytest.approx(1000.0 - account.equity(10.0))
    before = account.equity(12.0)
    trade = account.fill(-0.5, 12.0)
    assert trade.cost == pytest.approx(before - account.equity(12.0))


def test_a_reversal_is_one_trade():
    account = Account(1000.0, FREE)
    account.fill(1.0, 10.0)
    assert account.fill(-1.0, 10.0).shares == -200.0
    assert account.shares == -100.0


def test_a_spent_account_trades_no_more():
    account = Account(1000.0, FREE)
    account.fill(-1.0, 10.0)
    assert account.equity(25.0) < 0
    assert account.fill(0.0, 25.0).shares == 0.0


def test_the_same_target_at_the_same_price_trades_nothing():
    account = Account(1000.0, FREE)
    account.fill(0.5, 10.0)
    assert account.fill(0.5, 10.0).shares == 0.0


@given(st.lists(st.tuples(weights, prices), max_size=30))
def test_cash_is_never_overdrawn(orders):
    account = Account(1_000_000.0, COSTLY)
    for weight, price in orders:
        account.fill(weight, price)
        assert account.cash >= 0


@given(st.lists(st.tuples(weights, prices), max_size=30))
def test_trading_never_makes_money_by_itself(orders):
    account = Account(1_000_000.0, COSTLY)
    for weight, price in orders:
        before = account.equity(price)
        trade = account.fill(weight, price)
        assert trade.cost >= 0
        assert account.equity(price) == pytest.approx(before - trade.cost, rel=1e-9, abs=1e-3)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "5", True, None])
def test_costs_must_be_plain_basis_points(value):
    with pytest.raises(InputError, match="slippage_bps"):
        Costs(commission_bps=1, half_spread_bps=1, slippage_bps=value)


def test_costs_have_no_hidden_zero():
    with pytest.raises(TypeError):
        Costs(commission_bps=1)


def test_costs_that_take_the_whole_trade_are_refused():
    with pytest.raises(InputError, match="whole trade"):
        Costs(commission_bps=0, half_spread_bps=9_000, slippage_bps=1_000)


@pytest.mark.parametrize("cash", [0, -5, float("nan"), float("inf")])
def test_an_account_needs_cash(cash):
    with pytest.raises(InputError, match="positive amount"):
        Account(cash, FREE)


@pytest.mark.parametrize(
    ("weight", "price", "said"), [(1.01, 10, "weight"), (float("nan"), 10, "weight"), (1, 0, "price")]
)
def test_senseless_orders_are_refused(weight, price, said):
    with pytest.raises(InputError, match=said):
        Account(1000.0, FREE).fill(weight, price)
