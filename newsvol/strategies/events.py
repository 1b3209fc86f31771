"""Strategies written event by event: one tick in, one target weight out."""

from copy import deepcopy
from dataclasses import dataclass, fields
from math import isnan
from typing import Protocol, runtime_checkable

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError
from newsvol.engine.frames import DecisionFrame
from newsvol.strategies.protocol import Strategy


@dataclass(frozen=True, slots=True)
class Tick:
    """One row of a `DecisionFrame`, under the same names: what was known at one tick."""

    tick_ns: int
    ready_ns: int
    kind: int
    session: int
    slot: int
    minutes_to_close: float
    close: float
    anchor: float
    variance: float
    session_vol: float
    annual_vol: float
    tone: float


@runtime_checkable
class EventStrategy(Protocol):
    """A strategy that sees one tick at a time and may remember the ones before.

    Attributes
    ----------
    every_bar : bool
        True asks for a tick at the end of every bar too.
    lookback : int
        How many ticks, the present one included, the weight may depend on. A strategy without memory says 1;
        one that never forgets says ``sys.maxsize``, and tick by tick it is then handed the whole past.
    """

    @property
    def every_bar(self) -> bool: ...
    @property
    def lookback(self) -> int: ...

    def on_tick(self, tick: Tick) -> float | None:
        """Return the target weight, fraction of equity in [-1, 1]; None keeps the weight as it is."""
        ...


@dataclass(frozen=True)
class _Columns:
    event_strategy: EventStrategy

    @property
    def every_bar(self) -> bool:
        return self.event_strategy.every_bar

    @property
    def lookback(self) -> int:
        return self.event_strategy.lookback

    def decide(self, frame: DecisionFrame) -> FloatArray:
        # A copy, so that one walk leaves nothing behind for the next: the same frame gives the same weights.
        return _Columns(deepcopy(self.event_strategy)).walk(frame)

    def walk(self, frame: DecisionFrame) -> FloatArray:
        """Go on over the rows of `frame`, from where the last walk ended."""
        walker = self.event_strategy
        weights = np.full(len(frame), np.nan)
        for i, tick in enumerate(ticks(frame)):
            weight = walker.on_tick(tick)
            if weight is None:
                continue
            if not (isnan(weight) or -1.0 <= weight <= 1.0):
                raise InputError(
                    f"{type(walker).__name__}.on_tick returned {weight!r} at tick {i}; "
                    "give a weight in [-1, 1] or None"
                )
            weights[i] = weight
        return weights


def as_columns(event_strategy: EventStrategy) -> Strategy:
    """Return `event_strategy` as a `Strategy`: it walks the rows of the frame, oldest first.

    Causal by construction: a row's weight is fixed before the next row is shown. Each walk starts from a copy
    of the object as it was given.

    Raises
    ------
    InputError
        From `decide`, if `on_tick` returns a weight outside [-1, 1].
    """
    return _Columns(event_strategy)


class _Walk:
    """An event strategy that goes on from call to call: one walk, one row at a time."""

    every_bar: bool
    lookback = 1

    def __init__(self, event_strategy: EventStrategy) -> None:
        self.event_strategy = event_strategy
        self.every_bar = event_strategy.every_bar
        self._walker = _Columns(deepcopy(event_strategy))

    def decide(self, frame: DecisionFrame) -> FloatArray:
        return self._walker.walk(frame)


def as_walk(strategy: Strategy, rows: int) -> Strategy:
    """Return what is asked row by row, in order: of an event strategy that never forgets, one walk.

    Handing such a one its whole past at each of `rows` rows gives the same weights, and takes rows squared.
    """
    if isinstance(strategy, _Columns) and strategy.lookback >= rows:
        return _Walk(strategy.event_strategy)
    return strategy


def ticks(frame: DecisionFrame) -> list[Tick]:
    """Return the rows of `frame` as ticks."""
    columns = [getattr(frame, field.name).tolist() for field in fields(Tick)]
    return [Tick(*row) for row in zip(*columns, strict=True)]
