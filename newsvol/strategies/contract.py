"""What a strategy must keep to, checked where it enters: attributes, weights, and no look at later rows."""

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.clock import utc_second
from newsvol.engine.errors import InputError, PeekingError, RecipeError
from newsvol.engine.frames import DecisionFrame
from newsvol.engine.plug_ins import called, differing_rows, is_own, one_number_each, only_reading
from newsvol.strategies.protocol import Strategy

WARM_UP_CALLS = 20
"""Calls before measuring starts: the first ones load libraries and fill caches, once per process."""


def require_strategy(name: str, strategy: Any) -> Strategy:
    """Return `strategy` if it is one.

    Raises
    ------
    RecipeError
        An attribute or `decide` is missing or of the wrong kind; the message names it and the package.
    """
    whose = _called(name, strategy)
    if hasattr(strategy, "on_tick") and not hasattr(strategy, "decide"):
        raise RecipeError(
            f"{whose} decides tick by tick; register newsvol.strategies.events.as_columns(...) of it"
        )
    if not callable(getattr(strategy, "decide", None)):
        raise RecipeError(f"{whose} has no method decide(frame); see newsvol.Strategy")
    if not isinstance(getattr(strategy, "every_bar", None), bool):
        raise RecipeError(f"{whose} needs every_bar: True for a tick at the end of every bar, else False")
    lookback = getattr(strategy, "lookback", None)
    if not isinstance(lookback, int) or isinstance(lookback, bool) or lookback < 1:
        raise RecipeError(f"{whose} needs lookback, how many rows a weight depends on; it is {lookback!r}")
    assert isinstance(strategy, Strategy)
    return strategy


def decide_columns(name: str, strategy: Strategy, frame: DecisionFrame) -> FloatArray:
    """Return the weights of all rows from one call, shape (M,).

    Raises
    ------
    InputError
        There is not one weight a row, or one is outside [-1, 1]; NaN is allowed.
    """
    with only_reading(_called(name, strategy)):
        given = strategy.decide(frame)
    weight = _as_weights(name, strategy, given, len(frame))
    _require_range(name, strategy, weight, frame)
    return weight


def decide_live(
    name: str, strategy: Strategy, frame: DecisionFrame, now_ns: Callable[[], int] = perf_counter_ns
) -> tuple[FloatArray, IntArray]:
    """Run `strategy` forward in time, each row given its lookback and nothing later.

    Parameters
    ----------
    now_ns : callable
        The clock that the calls are timed by.

    Returns
    -------
    weight : FloatArray, shape (M,), fraction of equity
    taken_ns : IntArray, shape (M,)
        What each call took.

    Raises
    ------
    InputError
        As `decide_columns` does.
    PeekingError
        The columns say something else somewhere: they know more than the row's past, or the lookback is
        longer than was said. Strategies that newsvol brings must agree to the bit, others to 1e-9.
    """
    whose = _called(name, strategy)
    for _ in range(min(WARM_UP_CALLS, len(frame))):
        with only_reading(whose):
            strategy.decide(frame.take(slice(0, 1)).read_only())
    weight, taken = decide_rows(name, strategy, frame, np.arange(len(frame)), now_ns)
    _require_same(name, strategy, weight, decide_columns(name, strategy, frame), frame)
    return weight, taken


def decide_rows(
    name: str,
    strategy: Strategy,
    frame: DecisionFrame,
    rows: IntArray,
    now_ns: Callable[[], int] = perf_counter_ns,
) -> tuple[FloatArray, IntArray]:
    """Run `strategy` forward over some rows, each given its lookback and nothing later.

    Parameters
    ----------
    rows : IntArray, shape (R,)
        Ascending.

    Returns
    -------
    weight, taken_ns
        As `decide_live`, shape (R,).

    Raises
    ------
    InputError
        As `decide_columns` does.
    """
    whose, trusted = _called(name, strategy), is_own_strategy(strategy)
    weight, taken = np.full(len(rows), np.nan), np.zeros(len(rows), dtype=np.int64)
    for place, row in enumerate(rows.tolist()):
        seen = frame.take(slice(max(row - strategy.lookback + 1, 0), row + 1))
        if not trusted:
            # a slice leads back to the array that it is cut from, with the rows that come later
            seen = seen.read_only()
        with only_reading(whose):
            begun = now_ns()
            given = strategy.decide(seen)
            taken[place] = now_ns() - begun
        weight[place] = _as_weights(name, strategy, given, len(seen))[-1]
    _require_range(name, strategy, weight, frame.take(rows))
    return weight, taken


def is_own_strategy(strategy: Any) -> bool:
    """Return whether newsvol brings `strategy`: of an event strategy, what it wraps."""
    return is_own(unwrapped(strategy))


def unwrapped(strategy: Any) -> Any:
    """Return the event strategy that newsvol has wrapped, or `strategy` itself."""
    return getattr(strategy, "event_strategy", strategy)


def _require_range(name: str, strategy: Strategy, weight: FloatArray, frame: DecisionFrame) -> None:
    outside = np.flatnonzero(~(np.isnan(weight) | (np.abs(weight) <= 1.0)))
    if len(outside):
        row = int(outside[0])
        raise InputError(
            f"{_called(name, strategy)} gives {weight[row]:g} at {_place(frame, row)}; "
            "a weight is a fraction of equity in [-1, 1], or NaN to keep the last"
        )


def _require_same(
    name: str, strategy: Strategy, live: FloatArray, columns: FloatArray, frame: DecisionFrame
) -> None:
    differ = differing_rows(live, columns, exactly=is_own_strategy(strategy))
    if not len(differ):
        return
    row = int(differ[0])
    raise PeekingError(
        f"{_called(name, strategy)} decides {live[row]:.9g} at {_place(frame, row)} from what is known then, "
        f"and {columns[row]:.9g} where it is given all rows; {len(differ):,} of {len(frame):,} rows differ. "
        "It reads rows that come later, remembers earlier calls, or needs more than its lookback of "
        f"{strategy.lookback}"
    )


def _place(frame: DecisionFrame, row: int) -> str:
    return f"row {row:,} ({utc_second(frame.tick_ns[row])})"


def _as_weights(name: str, strategy: Strategy, given: Any, rows: int) -> FloatArray:
    return one_number_each(given, rows, _called(name, strategy), "weights", "tick")


def _called(name: str, strategy: Any) -> str:
    return called("strategy", name, unwrapped(strategy))
