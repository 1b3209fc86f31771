"""Markets that the signal tests share: sessions by arithmetic, bars from a seeded generator."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, FloatArray
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.signals.volatility.buckets import BucketFrame, cut_sessions
from newsvol.signals.volatility.history import VolHistory, measure_history
from newsvol.signals.volatility.measures import RealizedMeasures, minutes_of

FIRST_OPEN_NS = 1_704_119_400_000_000_000
"""2024-01-01 14:30 UTC, 09:30 in New York."""


def _make_sessions(
    count: int, half_days: Sequence[int] = (), minutes: int = 390, half_minutes: int = 210
) -> SessionFrame:
    open_ns = FIRST_OPEN_NS + np.arange(count, dtype=np.int64) * NS_PER_DAY
    length = np.full(count, minutes, dtype=np.int64)
    length[list(half_days)] = half_minutes
    return SessionFrame(open_ns, open_ns + length * NS_PER_MINUTE)


def _make_bars(
    sessions: SessionFrame,
    seed: int = 0,
    minutes: int = 5,
    missing: float = 0.0,
    constant_vol: float | None = None,
) -> BarFrame:
    """Bars of `minutes` that fill the sessions, less a share missing; variance clusters unless constant."""
    rng = np.random.default_rng(seed)
    step = minutes * NS_PER_MINUTE
    spans = zip(sessions.open_ns.tolist(), sessions.close_ns.tolist(), strict=True)
    open_ns = np.concatenate([np.arange(begin, end, step, dtype=np.int64) for begin, end in spans])
    n = len(open_ns)
    sigma = np.full(n, constant_vol or 0.0)
    if constant_vol is None:
        shocks = rng.normal(0, 0.1, n)
        log_vol = np.empty(n)
        level = 0.0
        for i in range(n):
            level = 0.98 * level + shocks[i]
            log_vol[i] = level
        since_open = (open_ns - FIRST_OPEN_NS) % NS_PER_DAY / (6.5 * NS_PER_HOUR)
        sigma = 1e-3 * np.exp(log_vol + 2 * (since_open - 0.5) ** 2)
    returns = rng.normal(0, 1, n) * sigma
    is_first = np.concatenate([[True], np.diff(open_ns) > step])
    nights = np.where(is_first, rng.normal(0, 0.01, n), 0.0)
    close = 100 * np.exp(np.cumsum(returns + nights))
    opening = close * np.exp(-returns)
    bars = BarFrame(
        open_ns=open_ns,
        close_ns=open_ns + step,
        open=opening,
        high=np.maximum(opening, close) * (1 + rng.uniform(0, 1e-3, n)),
        low=np.minimum(opening, close) * (1 - rng.uniform(0, 1e-3, n)),
        close=close,
        volume=np.full(n, 1000.0),
    )
    return bars.take(rng.random(n) >= missing)


def _make_history(
    count: int, seed: int = 0, half_days: Sequence[int] = (), missing: float = 0.0
) -> VolHistory:
    sessions = _make_sessions(count, half_days)
    return measure_history(_make_bars(sessions, seed, missing=missing), sessions)


def _plain_history(
    intensity: Sequence[float],
    slots: int,
    diurnal: Sequence[float] | None = None,
    bucket_return: Sequence[float] | None = None,
) -> VolHistory:
    """A history written by hand: sessions of `slots` whole hours, whatever was measured in them."""
    values = np.array(intensity, dtype=np.float64)
    count = -(-len(values) // slots)
    buckets: BucketFrame = cut_sessions(_make_sessions(count, minutes=60 * slots)).take(slice(len(values)))
    curve: FloatArray = np.ones(len(values)) if diurnal is None else np.array(diurnal, dtype=np.float64)
    zeros = np.zeros(len(values))
    measures = RealizedMeasures(
        n_obs=np.where(np.isfinite(values), 60.0, 0.0),
        rv=values,
        bv=values,
        rs_up=values / 2,
        rs_down=values / 2,
        rq=values**2,
        realized_range=values,
        bucket_return=zeros if bucket_return is None else np.array(bucket_return, dtype=np.float64),
    )
    return VolHistory(buckets, measures, minutes_of(buckets), values, curve, values / curve)


@pytest.fixture(scope="session")
def make_sessions() -> Callable[..., SessionFrame]:
    """Build sessions: (count, rows that are half-days, minutes of a session, minutes of a half-day)."""
    return _make_sessions


@pytest.fixture(scope="session")
def make_bars() -> Callable[..., BarFrame]:
    """Build bars: (sessions, seed, minutes of a bar, share missing, constant volatility of a bar)."""
    return _make_bars


@pytest.fixture(scope="session")
def make_history() -> Callable[..., VolHistory]:
    """Build a measured history: (sessions, seed, rows that are half-days, share of bars missing)."""
    return _make_history


@pytest.fixture(scope="session")
def plain_history() -> Callable[..., VolHistory]:
    """Build a history by hand: (variance per hour of each bucket, buckets a session, diurnal, returns)."""
    return _plain_history
