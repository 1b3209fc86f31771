"""What trading costs."""

from dataclasses import dataclass, fields
from math import isfinite

from newsvol.engine.errors import InputError

BPS = 1e-4


@dataclass(frozen=True)
class Costs:
    """What trading costs. There are no defaults: zero costs must be said.

    Attributes
    ----------
    commission_bps : float
        Of the traded notional (shares times the price paid).
    half_spread_bps, slippage_bps : float
        Move the price against the order, buys up and sells down; they add.

    Raises
    ------
    InputError
        A cost is negative, not finite, or 100% and more.
    """

    commission_bps: float
    half_spread_bps: float
    slippage_bps: float

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not isfinite(value)
                or value < 0
            ):
                raise InputError(f"costs: {field.name} is {value!r}; give basis points, zero or more")
        if self.commission >= 1 or self.price_impact >= 1:
            raise InputError(f"costs: {self} take the whole trade (10000 bps); give basis points")

    @property
    def commission(self) -> float:
        """Commission as a fraction of the traded notional."""
        return self.commission_bps * BPS

    @property
    def price_impact(self) -> float:
        """Half-spread plus slippage as a fraction of the price."""
        return (self.half_spread_bps + self.slippage_bps) * BPS
