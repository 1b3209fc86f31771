"""Kernels of the columns: each is its plain twin, written here for reading."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.signals.volatility.columns_nb import above_usual_nb, bounded_nb


def bounded_python(values: np.ndarray, factor: float, span: float) -> np.ndarray:
    """Plain-Python twin of `bounded_nb`."""
    out, mean = [], None
    for value in values.tolist():
        if not value > 0:
            out.append(np.nan)
            continue
        mean = value if mean is None else mean
        kept = float(np.clip(value, mean / factor, mean * factor))
        out.append(kept)
        mean = mean + (kept - mean) / span
    return np.array(out)


def above_usual_python(values: np.ndarray, slot: np.ndarray, half_life: float) -> np.ndarray:
    """Plain-Python twin of `above_usual_nb`: the weighted mean of each slot's past, summed anew each time."""
    out = np.zeros(len(values))
    for row, value in enumerate(values):
        past = values[:row][slot[:row] == slot[row]]
        past = past[np.isfinite(past)]
        if np.isfinite(value) and len(past):
            weight = 0.5 ** (np.arange(len(past))[::-1] / half_life)
            out[row] = value - (weight @ past) / weight.sum()
    return out


def bounded(values: np.ndarray, factor: float, span: float) -> np.ndarray:
    return bounded_nb(values, factor, span, np.full(1, np.nan))


def above_usual(values: np.ndarray, slot: np.ndarray, n_slots: int, half_life: float) -> np.ndarray:
    return above_usual_nb(values, slot, half_life, np.zeros(n_slots), np.zeros(n_slots))


def drawn(seed: int, count: int) -> np.ndarray:
    """Volumes over many sizes, some missing, some zero."""
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(0, 2, count))
    values[rng.random(count) < 0.1] = np.nan
    values[rng.random(count) < 0.1] = 0.0
    return values


@given(st.integers(0, 2**20), st.integers(0, 60), st.floats(1.0, 20.0), st.floats(1.0, 50.0))
def test_bounded_kernel_and_twin_agree(seed, count, factor, span):
    values = drawn(seed, count)
    np.testing.assert_allclose(
        bounded(values, factor, span), bounded_python(values, factor, span), rtol=1e-12
    )


@given(st.integers(0, 2**20), st.integers(0, 80), st.integers(1, 7), st.floats(0.5, 40.0))
def test_above_usual_kernel_and_twin_agree(seed, count, n_slots, half_life):
    values, slot = drawn(seed, count), np.random.default_rng(seed).integers(0, n_slots, count)
    np.testing.assert_allclose(
        above_usual(values, slot, n_slots, half_life),
        above_usual_python(values, slot, half_life),
        rtol=1e-9,
        atol=1e-9,
    )


def test_the_usual_volume_is_an_exponential_mean_of_its_slot():
    values = np.array([1.0, 10.0, 3.0, np.nan, 5.0, 12.0])
    above = above_usual(values, np.array([0, 1, 0, 1, 0, 1]), 2, 1.0)
    assert above == pytest.approx([0, 0, 2, 0, 5 - (3 + 0.5) / 1.5, 2])


def test_a_bad_print_is_bounded_and_a_new_level_is_soon_believed():
    print_ = bounded(np.array([1.0, 1.0, 1000.0, 1.0, 0.0, np.nan]), 10.0, 35.0)
    assert print_[:4].tolist() == [1.0, 1.0, 10.0, 1.0]
    assert np.isnan(print_[4:]).all()
    level = bounded(np.concatenate([np.ones(35), np.full(30, 50.0)]), 10.0, 35.0)
    assert level[-1] == 50.0
