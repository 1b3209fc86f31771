"""The forecasters that newsvol brings; importing this registers them."""

from newsvol.signals.volatility import aggregate, har_specifications, naive
from newsvol.signals.volatility.protocol import FORECASTERS

__all__ = ["FORECASTERS", "aggregate", "har_specifications", "naive"]
