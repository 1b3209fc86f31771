"""The forecasters that newsvol brings; importing this registers them."""

from newsvol.signals import naive, volatility
from newsvol.signals.protocol import FORECASTERS

__all__ = ["FORECASTERS", "naive", "volatility"]
