"""The forecasters that newsvol brings; importing this registers them."""

from newsvol.signals.volatility import forecasters, naive
from newsvol.signals.volatility.protocol import FORECASTERS

__all__ = ["FORECASTERS", "forecasters", "naive"]
