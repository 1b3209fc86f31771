"""The kernel of the bands is its plain twin, written here for reading."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from newsvol.signals.volatility.intervals_nb import STRETCH, bands_nb


def bands_python(
    error: np.ndarray, slot: np.ndarray, window: int, min_rows: int, tail: float, rate: float
) -> np.ndarray:
    """Plain-Python twin of `bands_nb`: each slot's last errors, sorted anew each time."""
    out = np.full((len(error), 2), np.nan)
    past: dict[int, list[float]] = {}
    levels: dict[int, list[float]] = {}
    for row, (value, place) in enumerate(zip(error.tolist(), slot.tolist(), strict=True)):
        seen, level = past.setdefault(place, []), levels.setdefault(place, [tail, tail])
        ordered = sorted(seen[-window:])
        n = len(ordered)
        known = n >= min_rows
        if known:
            for side, rank in enumerate((ordered, ordered[::-1])):
                j = min(max(math.floor((n + 1) * level[side]), 1), n)
                debt = max(1 / (n + 1) - level[side], 0.0)
                out[row, side] = rank[j - 1] + STRETCH * debt * (rank[j - 1] - ordered[n // 2])
        if not math.isfinite(value):
            continue
        if known:
            for side, missed in enumerate((value < out[row, 0], value > out[row, 1])):
                level[side] = min(max(level[side] + rate * (tail - missed), -0.5), 0.5)
        seen.append(value)
    return out


@given(
    seed=st.integers(0, 2**20),
    count=st.integers(0, 150),
    n_slots=st.integers(1, 4),
    window=st.integers(2, 40),
    tail=st.sampled_from([0.01, 0.05, 0.25]),
    rate=st.sampled_from([0.0, 0.1, 0.9]),
    ties=st.booleans(),
)
def test_kernel_and_twin_agree(seed, count, n_slots, window, tail, rate, ties):
    rng = np.random.default_rng(seed)
    error = rng.standard_t(2, count)
    error = np.round(error) if ties else error
    error[rng.random(count) < 0.1] = np.nan
    slot = rng.integers(0, n_slots, count)
    min_rows = int(rng.integers(2, window + 1))
    out = np.full((count, 2), np.nan)
    bands_nb(error, slot, n_slots, window, min_rows, tail, rate, out)
    np.testing.assert_allclose(
        out, bands_python(error, slot, window, min_rows, tail, rate), rtol=1e-12, atol=1e-12
    )
