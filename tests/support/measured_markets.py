"""Small markets with gaps, half-days and prices that stand still."""

import numpy as np
from hypothesis import strategies as st

from newsvol.engine.arrays import NS_PER_MINUTE
from newsvol.engine.frames import BarFrame, SessionFrame

SESSION_MINUTES, HALF_MINUTES = 150, 90
"""Sessions of two hours and a half, so that examples stay small: three buckets, two on half-days."""


@st.composite
def markets(draw: st.DrawFn) -> tuple[BarFrame, SessionFrame]:
    """Bars of any length at any minute of three days: gaps, bars before the open, bars across edges."""
    n_days = 3
    half_days = draw(st.sets(st.integers(0, n_days - 1)))
    open_minute = np.arange(n_days) * 400 + 100
    length = np.array([HALF_MINUTES if day in half_days else SESSION_MINUTES for day in range(n_days)])
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    step = draw(st.sampled_from([1, 7, 30, 60]))
    minute = np.arange(draw(st.integers(0, step - 1)), n_days * 400, step)
    minute = minute[rng.random(len(minute)) < draw(st.sampled_from([0.02, 0.3, 0.9, 1.0]))]
    flat = rng.random(len(minute)) < 0.1
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, len(minute)) * ~flat))
    opening = close * np.exp(rng.normal(0, 0.003, len(minute)))
    open_ns = minute.astype(np.int64) * NS_PER_MINUTE
    bars = BarFrame(
        open_ns,
        open_ns + step * NS_PER_MINUTE,
        opening,
        np.maximum(opening, close) * (1 + rng.uniform(0, 0.01, len(minute))),
        np.minimum(opening, close) * (1 - rng.uniform(0, 0.01, len(minute))),
        close,
        np.ones(len(minute)),
    )
    return bars, SessionFrame(open_minute * NS_PER_MINUTE, (open_minute + length) * NS_PER_MINUTE)
