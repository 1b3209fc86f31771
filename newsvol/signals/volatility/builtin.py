"""The forecasters that newsvol brings; importing this registers them."""

from newsvol.signals.volatility import har_specifications, naive
from newsvol.signals.volatility.protocol import FORECASTERS

__all__ = ["FORECASTERS", "har_specifications", "naive"]
