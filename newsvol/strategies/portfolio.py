"""Fills to a portfolio, simulated by vectorbt. The one file that imports vectorbt."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.costs import Costs
from newsvol.engine.errors import InputError
from newsvol.engine.frames import BarFrame, FillFrame
from newsvol.engine.kernel import cache_elsewhere

try:
    import vectorbt as vbt
except RuntimeError:  # its kernels found no folder to be cached in, while ours did
    cache_elsewhere()
    import vectorbt as vbt


@dataclass(frozen=True)
class PortfolioResult:
    """What a portfolio did: T bars, M orders.

    Attributes
    ----------
    cash : float, quote currency
        What it started with.
    equity : FloatArray, shape (T,), quote currency
        At the close of each bar, after every order that filled in it: the account as it was held, moves
        across gaps included.
    bar : IntArray, shape (M,)
        The bar in which each order filled.
    shares : FloatArray, shape (M,)
        Bought (positive) or sold (negative); 0 where there was nothing to trade or nothing to trade with.
    price : FloatArray, shape (M,), quote currency
        Paid or received, after half-spread and slippage; the fill price where nothing was traded.
    cost : FloatArray, shape (M,), quote currency
        Commission, plus what half-spread and slippage took.
    portfolio : vectorbt.Portfolio
        For vectorbt's own statistics, records and plots. Its index is naive UTC, one row per bar and one more
        for each further order in a bar; resample before plotting a year of minutes.
    """

    cash: float
    equity: FloatArray
    bar: IntArray
    shares: FloatArray
    price: FloatArray
    cost: FloatArray
    portfolio: Any


def simulate(bars: BarFrame, fills: FillFrame, costs: Costs, cash: float) -> PortfolioResult:
    """Trade every fill to its target weight, in the order of the frame.

    A target weight is a fraction of the equity valued at the fill price, before costs. Buys are clipped to
    the cash at hand; short sales are not limited by it.

    Parameters
    ----------
    bars : BarFrame, T bars
    fills : FillFrame, M orders
        `bar` is non-decreasing. Several orders may fill in one bar.
    costs : Costs
    cash : float, quote currency

    Raises
    ------
    InputError
        There are no bars, or `cash` is not a positive number.

    Notes
    -----
    One portfolio per call, not one column per strategy: vectorbt is slower on columns, and each fill model
    puts its orders into other bars.
    """
    _require_tradable(bars, cash)
    assert np.all(np.diff(fills.bar) >= 0), "fills are not in the order of their bars"
    row, close = _rows(bars, fills.bar)
    portfolio = _from_orders(
        bars,
        close,
        row,
        fills.weight,
        fills.price,
        "targetpercent",
        costs.commission,
        costs.price_impact,
        cash,
    )
    return _result(bars, fills, cash, row, portfolio)


def trade_again(
    bars: BarFrame, bar: IntArray, shares: FloatArray, price: FloatArray, costs: Costs, cash: float
) -> Any:
    """Return the ``vectorbt.Portfolio`` of orders that were recorded: these shares at these prices.

    Parameters
    ----------
    bar : IntArray, shape (M,)
        The bar in which each order filled, non-decreasing.
    shares : FloatArray, shape (M,)
        Bought (positive) or sold (negative).
    price : FloatArray, shape (M,), quote currency
        Paid or received, after half-spread and slippage.

    Raises
    ------
    InputError
        There are no bars, or `cash` is not a positive number.
    """
    _require_tradable(bars, cash)
    row, close = _rows(bars, bar)
    return _from_orders(bars, close, row, shares, price, "amount", costs.commission, 0.0, cash)


def _require_tradable(bars: BarFrame, cash: float) -> None:
    if len(bars) == 0:
        raise InputError("there are no bars to trade on; import a longer tape")
    if not (np.isfinite(cash) and cash > 0):
        raise InputError(f"the portfolio starts with {cash!r}; give a positive amount of cash")


def _rows(bars: BarFrame, bar: IntArray) -> tuple[IntArray, "pd.Series[float]"]:
    """Return the row of each order, and the price of every row; a bar has a row per order, at least one."""
    orders = np.bincount(bar, minlength=len(bars))
    last_row = np.cumsum(np.maximum(orders, 1)) - 1
    # Order k is the (k - orders before its bar)-th of its bar, whose rows end at last_row.
    orders_until_bar = np.cumsum(orders)
    row = last_row[bar] - (orders_until_bar[bar] - 1 - np.arange(len(bar)))
    bar_of_row = np.repeat(np.arange(len(bars)), np.diff(last_row, prepend=-1))
    # Stamps must be unique: the rows before the last one of a bar are put nanoseconds before its close.
    stamp_ns = bars.close_ns[bar_of_row] - (last_row[bar_of_row] - np.arange(len(bar_of_row)))
    index = pd.DatetimeIndex(stamp_ns.view("M8[ns]"))
    return row, pd.Series(bars.close[bar_of_row], index=index, name="equity")


def _from_orders(
    bars: BarFrame,
    close: "pd.Series[float]",
    row: IntArray,
    size: FloatArray,
    price: FloatArray,
    size_type: str,
    fees: float,
    slippage: float,
    cash: float,
) -> Any:
    sizes, prices = np.full(len(close), np.nan), np.full(len(close), np.nan)
    sizes[row], prices[row] = size, price
    # engine="rust" is said aloud: "auto" would fall back to a long compilation where the wheel is missing.
    return vbt.Portfolio.from_orders(
        close,
        size=sizes,
        price=prices,
        size_type=size_type,
        direction="both",
        fees=fees,
        slippage=slippage,
        init_cash=cash,
        max_orders=max(len(row), 1),
        freq=pd.Timedelta(int(np.median(bars.close_ns - bars.open_ns)), unit="ns"),
        engine="rust",
    )


def _result(bars: BarFrame, fills: FillFrame, cash: float, row: IntArray, portfolio: Any) -> PortfolioResult:
    records = portfolio.order_records
    order = np.searchsorted(row, records["idx"])
    traded = np.where(records["side"] == vbt.portfolio.enums.OrderSide.Buy, records["size"], -records["size"])
    shares, price, cost = np.zeros(len(fills)), fills.price.copy(), np.zeros(len(fills))
    shares[order], price[order] = traded, records["price"]
    cost[order] = records["fees"] + np.abs(traded * (records["price"] - fills.price[order]))

    # vectorbt's value() takes 4 ms for this on a year of minutes; the order records hold all it needs.
    flow = (
        np.where(traded > 0, -traded * records["price"], np.abs(traded) * records["price"]) - records["fees"]
    )
    until = np.cumsum(np.bincount(fills.bar[order], minlength=len(bars)))
    cash_then = np.concatenate([[cash], cash + np.cumsum(flow)])[until]
    shares_then = np.concatenate([[0.0], np.cumsum(traded)])[until]
    return PortfolioResult(
        cash=cash,
        equity=cash_then + shares_then * bars.close,
        bar=fills.bar,
        shares=shares,
        price=price,
        cost=cost,
        portfolio=portfolio,
    )
