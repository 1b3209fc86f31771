"""Frames and bars that the strategy tests share."""

from collections.abc import Callable

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_MINUTE
from newsvol.engine.frames import BarFrame, DecisionFrame
from newsvol.engine.ticks import TickKind

START_NS = 1_700_000_000_000_000_000


def _make_frame(rows: int, seed: int, unfitted: int = 5) -> DecisionFrame:
    rng = np.random.default_rng(seed)
    variance = np.exp(rng.normal(-12, 0.7, rows))
    variance[:unfitted] = np.nan
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.003, rows)))
    minutes = rng.integers(0, 391, rows).astype(np.float64)
    minutes[rng.random(rows) < 0.1] = np.nan
    return DecisionFrame(
        tick_ns=START_NS + np.arange(rows) * NS_PER_MINUTE,
        ready_ns=START_NS + np.arange(rows) * NS_PER_MINUTE + 20_000_000,
        kind=rng.choice([int(kind) for kind in TickKind], rows),
        session=np.arange(rows) // 7,
        slot=np.arange(rows) % 7,
        minutes_to_close=minutes,
        close=close,
        anchor=close * np.exp(rng.normal(0, 0.003, rows)),
        variance=variance,
        session_vol=np.sqrt(variance * 252 * 7),
        annual_vol=1.2 * np.sqrt(variance * 252 * 7),
        tone=rng.normal(0, 2, rows),
    )


def _make_bars(rows: int, seed: int) -> BarFrame:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, rows)))
    opening = close * np.exp(rng.normal(0, 0.001, rows))
    # A session of 60 bars, then a night.
    open_ns = START_NS + (np.arange(rows) + (np.arange(rows) // 60) * 1000) * NS_PER_MINUTE
    return BarFrame(
        open_ns=open_ns,
        close_ns=open_ns + NS_PER_MINUTE,
        open=opening,
        high=np.maximum(opening, close) * 1.001,
        low=np.minimum(opening, close) * 0.999,
        close=close,
        volume=np.full(rows, 1000.0),
    )


@pytest.fixture(scope="session")
def make_frame() -> Callable[..., DecisionFrame]:
    """Build a random decision frame: (rows, seed, unfitted rows at the start)."""
    return _make_frame


@pytest.fixture(scope="session")
def make_bars() -> Callable[..., BarFrame]:
    """Build random minute bars in sessions of an hour: (rows, seed)."""
    return _make_bars
