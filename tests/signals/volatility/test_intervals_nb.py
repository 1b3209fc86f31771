"""The band kernel is what its definition says, computed anew at every row."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from newsvol.signals.volatility.intervals_nb import STRETCH, bands_nb


def brute_force(
    error: np.ndarray, slot: np.ndarray, window: int, min_rows: int, tail: float, rate: float
) -> np.ndarray:
    """Each row from scratch: the errors of its slot, or of all where the slot has too few."""
    out = np.full((len(error), 2), np.nan)
    whole = int(slot.max()) + 1
    level = {(pool, side): tail for pool in range(whole + 1) for side in range(2)}
    for b in range(len(error)):
        before = np.isfinite(error[:b])
        own = error[:b][before & (slot[:b] == slot[b])]
        pool = int(slot[b]) if len(own) >= min_rows else whole
        past = np.sort((own if pool < whole else error[:b][before])[-window:])
        n = len(past)
        if n < min_rows:
            continue
        for side, last in ((0, False), (1, True)):
            at = min(max(int(np.floor((n + 1) * level[pool, side])), 1), n)
            edge = past[n - at] if last else past[at - 1]
            debt = max(1 / (n + 1) - level[pool, side], 0.0)
            out[b, side] = edge + STRETCH * debt * (edge - past[n // 2])
        if np.isfinite(error[b]):
            missed = error[b] < out[b, 0], error[b] > out[b, 1]
            for side in range(2):
                moved = level[pool, side] + rate * (tail - missed[side])
                level[pool, side] = min(max(moved, -0.5), 0.5)
    return out


@given(
    seed=st.integers(0, 2**20),
    slots=st.sampled_from([1, 3, 7]),
    window=st.sampled_from([5, 12, 40]),
    min_rows=st.sampled_from([2, 5]),
    rate=st.sampled_from([0.0, 0.1]),
)
def test_the_kernel_is_the_definition(seed, slots, window, min_rows, rate):
    rng = np.random.default_rng(seed)
    error = rng.normal(0, 1, 150)
    error[rng.random(150) < 0.1] = np.nan
    slot = np.arange(150) % slots
    out = np.full((150, 2), np.nan)
    bands_nb(error, slot, slots, window, min_rows, 0.1, rate, out)
    expected = brute_force(error, slot, window, min_rows, 0.1, rate)
    assert np.isfinite(expected).any()
    np.testing.assert_allclose(out, expected, rtol=1e-12)
