"""Importing this registers every built-in strategy."""

from newsvol.strategies.breakout import Breakout
from newsvol.strategies.news_tilt import NewsTilt
from newsvol.strategies.sizing import BuyAndHold, VolTarget, VolTiming

__all__ = ["Breakout", "BuyAndHold", "NewsTilt", "VolTarget", "VolTiming"]
