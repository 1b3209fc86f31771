"""An event-by-event account: cash and shares, in plain floats, one order at a time.

The reference that whole portfolios are held against. It agrees to the cent with vectorbt's
``Portfolio.from_orders(size_type="targetpercent")``, because it takes the same steps in the same order: the
target is valued at the price before costs, a buy is clipped to the cash at hand, a short sale is not
limited by cash.
"""

from dataclasses import dataclass
from math import isfinite

from newsvol.engine.costs import Costs
from newsvol.engine.errors import InputError

# vectorbt's tolerances: numbers this close are equal, and an order below the least size is not sent.
_RELATIVE_TOLERANCE = 1e-9
_ABSOLUTE_TOLERANCE = 1e-12
_LEAST_SHARES = 1e-8


@dataclass(frozen=True, slots=True)
class Trade:
    """What an order did to the account.

    Attributes
    ----------
    shares : float
        Bought (positive) or sold (negative); 0 where nothing was traded.
    price : float, quote currency
        Paid or received, after half-spread and slippage.
    cost : float, quote currency
        Commission, plus what half-spread and slippage took.
    """

    shares: float
    price: float
    cost: float


class Account:
    """Cash and shares of one instrument, not levered: weights run from -1 to 1.

    Parameters
    ----------
    cash : float, quote currency
        What the account starts with.
    costs : Costs

    Raises
    ------
    InputError
        `cash` is not a positive number.
    """

    def __init__(self, cash: float, costs: Costs) -> None:
        if not (isfinite(cash) and cash > 0):
            raise InputError(f"the account starts with {cash!r}; give a positive amount of cash")
        self.costs = costs
        self.cash = float(cash)
        self.shares = 0.0

    def equity(self, price: float) -> float:
        """Return cash plus shares valued at `price`, in quote currency."""
        return self.cash + self.shares * price if self.shares else self.cash

    def fill(self, weight: float, price: float) -> Trade:
        """Trade to `weight` of the equity valued at `price`.

        Parameters
        ----------
        weight : float, fraction of equity, in [-1, 1]
        price : float, quote currency
            Before half-spread and slippage.

        Returns
        -------
        Trade
            With zero shares where there was nothing to trade, no cash to trade with, or the equity is spent.

        Raises
        ------
        InputError
            The weight is not within [-1, 1] or the price is not positive and finite.
        """
        if not -1.0 <= weight <= 1.0:
            raise InputError(f"target weight {weight!r} is not within [-1, 1]")
        if not (isfinite(price) and price > 0):
            raise InputError(f"fill price {price!r} is not positive and finite")
        equity = self.equity(price)
        if equity <= 0:
            return Trade(0.0, price, 0.0)
        shares = weight * equity / price - self.shares
        return self._buy(shares, price) if shares > 0 else self._sell(-shares, price)

    def _buy(self, shares: float, price: float) -> Trade:
        paid = price * (1 + self.costs.price_impact)
        fees = shares * paid * self.costs.commission
        spent = shares * paid + fees
        if spent > self.cash and not _is_close(spent, self.cash):
            # Not enough cash: buy what it pays for, commission included.
            notional = self.cash / (1 + self.costs.commission)
            shares, fees, spent = notional / paid, self.cash - notional, self.cash
        if shares < _LEAST_SHARES and not _is_close(shares, _LEAST_SHARES):
            return Trade(0.0, paid, 0.0)
        self.cash = _add(self.cash, -spent)
        self.shares = _add(self.shares, shares)
        return Trade(shares, paid, fees + shares * (paid - price))

    def _sell(self, shares: float, price: float) -> Trade:
        received = price * (1 - self.costs.price_impact)
        if shares < _LEAST_SHARES and not _is_close(shares, _LEAST_SHARES):
            return Trade(0.0, received, 0.0)
        fees = shares * received * self.costs.commission
        self.cash += _add(shares * received, -fees)
        self.shares = _add(self.shares, -shares)
        return Trade(-shares, received, fees + shares * (price - received))


def _is_close(a: float, b: float) -> bool:
    return abs(a - b) <= max(_RELATIVE_TOLERANCE * max(abs(a), abs(b)), _ABSOLUTE_TOLERANCE)


def _add(a: float, b: float) -> float:
    # A sum that is zero but for rounding is zero: a closed position holds no dust.
    return 0.0 if a * b < 0 and _is_close(abs(a), abs(b)) else a + b
