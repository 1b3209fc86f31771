"""The normal equations are those of numpy, and say which column they cannot be solved for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.signals.volatility.normal_equations_nb import SHRUNK, add_row_nb, solve_nb, swap_row_nb


def summed(rows: np.ndarray, target: np.ndarray, weight: np.ndarray) -> np.ndarray:
    gram = np.zeros((rows.shape[1], rows.shape[1] + 1))
    for i in range(len(rows)):
        add_row_nb(gram, rows, i, target[i], weight[i])
    return gram


def solved(gram: np.ndarray, needed: int | None = None) -> tuple[int, np.ndarray]:
    p = len(gram)
    out, work = np.full(p, np.nan), np.full((p, p), np.nan)
    return solve_nb(gram, p, p if needed is None else needed, work, out), out


def regression(seed: int, p: int, n: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows whose columns differ in size by up to a millionfold, targets, and positive weights."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(0, 1, (n, p)) * 10.0 ** rng.integers(-3, 4, p)
    return rows, rng.normal(0, 1, n), rng.uniform(0.1, 2, n)


@given(st.integers(0, 2**20), st.integers(1, 6))
def test_the_solution_is_that_of_least_squares(seed, p):
    rows, target, weight = regression(seed, p)
    fault, beta = solved(summed(rows, target, weight))
    root = np.sqrt(weight)[:, None]
    expected = np.linalg.lstsq(rows * root, target * root[:, 0], rcond=None)[0]
    assert fault == -1
    scale = np.abs(rows).max(axis=0)
    np.testing.assert_allclose(beta * scale, expected * scale, rtol=1e-6, atol=1e-8)


@given(st.integers(0, 2**20), st.integers(1, 6))
def test_a_swap_gives_the_bits_of_adding_one_and_removing_the_other(seed, p):
    rows, target, weight = regression(seed, p)
    swapped, apart = (summed(rows[:-1], target[:-1], weight[:-1]) for _ in range(2))
    last = len(rows) - 1
    swap_row_nb(swapped, rows, last, 3, target[last], target[3], weight[last], weight[3])
    add_row_nb(apart, rows, last, target[last], weight[last])
    add_row_nb(apart, rows, 3, target[3], -weight[3])
    assert np.array_equal(swapped, apart)


def test_a_row_that_takes_all_but_a_rest_with_it_is_told():
    rows = np.array([[1.0], [1.0], [1.0 / np.sqrt(SHRUNK) * 2], [1.0]])
    for leaving, told in ((0, False), (2, True)):
        gram = summed(rows[:3], np.zeros(3), np.ones(3))
        assert swap_row_nb(gram, rows, 3, leaving, 0.0, 0.0, 1.0, 1.0) == told


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_the_first_column_that_adds_nothing_is_named_whatever_its_units(at, size):
    rng = np.random.default_rng(0)
    rows = rng.normal(0, 1, (30, 4))
    rows[:, at] = size * (rows[:, 0] - (rows[:, 1] if at > 1 else 0.0))
    assert solved(summed(rows, rng.normal(0, 1, 30), np.ones(30)))[0] == at


@given(st.integers(0, 2**20), st.sets(st.integers(2, 5), min_size=1))
def test_an_empty_column_that_is_not_needed_has_the_coefficient_zero(seed, empty):
    rows, target, weight = regression(seed, 6)
    rows[:, sorted(empty)] = 0.0
    fault, beta = solved(summed(rows, target, weight), needed=2)
    assert fault == -1
    rest = [j for j in range(6) if j not in empty]
    _, expected = solved(summed(rows[:, rest], target, weight))
    assert np.array_equal(beta[rest], expected)
    assert (beta[sorted(empty)] == 0).all()
    assert solved(summed(rows, target, weight), needed=6)[0] == min(empty)


def test_a_column_of_zeros_is_named():
    rows = np.random.default_rng(0).normal(0, 1, (30, 3))
    rows[:, 1] = 0.0
    assert solved(summed(rows, rows[:, 0], np.ones(30)))[0] == 1
