"""Checks of strategy parameters: a silly value gives one line that names it."""

import re
from math import isfinite
from typing import Any

from newsvol.engine.errors import RecipeError


def require_number(strategy: Any, name: str, low: float, high: float, above_low: bool = False) -> None:
    """Refuse the parameter `name` unless it is a number in [low, high], or in (low, high] if `above_low`.

    Raises
    ------
    RecipeError
    """
    value = getattr(strategy, name)
    number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if not number or not low <= value <= high or (above_low and value == low):
        span = f"above {low:g} and up to {high:g}" if above_low else f"from {low:g} to {high:g}"
        raise RecipeError(f"strategy {_called(strategy)}: {name} is {value!r}; give a number {span}")


def require_whole(strategy: Any, name: str, low: int, high: int) -> None:
    """Refuse the parameter `name` unless it is a whole number in [low, high].

    Raises
    ------
    RecipeError
    """
    value = getattr(strategy, name)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise RecipeError(
            f"strategy {_called(strategy)}: {name} is {value!r}; give a whole number from {low} to {high}"
        )


def require_switch(strategy: Any, name: str) -> None:
    """Refuse the parameter `name` unless it is true or false.

    Raises
    ------
    RecipeError
    """
    value = getattr(strategy, name)
    if not isinstance(value, bool):
        raise RecipeError(f"strategy {_called(strategy)}: {name} is {value!r}; give true or false")


def _called(strategy: Any) -> str:
    # As a recipe writes it: VolTarget is vol_target.
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(strategy).__name__).lower()
