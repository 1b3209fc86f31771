"""Trailing means: what came before, and only that."""

import numpy as np
import pytest

from newsvol.signals.volatility.trailing import trailing_mean


def test_a_row_is_not_in_its_own_mean() -> None:
    assert trailing_mean(np.array([1.0, 3.0, 100.0]), 2)[1:].tolist() == [1.0, 2.0]


def test_missing_values_count_nothing_and_too_few_give_none() -> None:
    values = np.array([1.0, np.nan, 3.0, 5.0, 7.0])
    np.testing.assert_array_equal(trailing_mean(values, 3), [np.nan, 1.0, 1.0, 2.0, 4.0])
    np.testing.assert_array_equal(trailing_mean(values, 3, 2.5), [np.nan] * 5)


@pytest.mark.parametrize("rows", [1, 7, 50])
def test_it_is_the_mean_of_the_slice_before(rows: int) -> None:
    values = np.random.default_rng(3).normal(size=60)
    slices = [values[max(b - rows, 0) : b].mean() for b in range(1, 60)]
    np.testing.assert_allclose(trailing_mean(values, rows)[1:], slices, rtol=1e-12)
