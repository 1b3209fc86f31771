"""The strategies that newsvol brings; importing this registers them."""

from newsvol.strategies.breakout import Breakout
from newsvol.strategies.news_tilt import NewsTilt
from newsvol.strategies.protocol import STRATEGIES
from newsvol.strategies.sizing import BuyAndHold, VolTarget, VolTiming

__all__ = ["STRATEGIES", "Breakout", "BuyAndHold", "NewsTilt", "VolTarget", "VolTiming"]
