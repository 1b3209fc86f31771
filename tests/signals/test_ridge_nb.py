"""Walk-forward ridge: the kernel is its plain twin, even on news that comes and goes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsvol.signals.ridge_nb import empty_ridge, ridge_walk_nb
from newsvol.signals.ridge_python import ridge_walk_python


def walk(x, y, min_rows, window, ridge):
    state = empty_ridge(*x.shape)
    ridge_walk_nb(0, len(x), x, y, min_rows, window, ridge, state)
    return state.beta, state.centre


def assert_like_twin(x, y, min_rows, window, ridge):
    for found, expected in zip(
        walk(x, y, min_rows, window, ridge), ridge_walk_python(x, y, min_rows, window, ridge), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**20),
    columns=st.integers(1, 5),
    window=st.sampled_from([20, 60, 500]),
    ridge=st.floats(0.01, 1000),
    missing=st.sampled_from([0.0, 0.3]),
)
def test_kernel_and_twin_agree(seed, columns, window, ridge, missing):
    rng = np.random.default_rng(seed)
    x = rng.exponential(1, (150, columns)) * 10.0 ** rng.integers(-2, 3, columns)
    y = rng.normal(0, 0.5, 150) + 0.1 * x[:, 0] / x[:, 0].mean()
    y[rng.random(150) < missing] = np.nan
    assert_like_twin(x, y, 15, window, ridge)


def test_channels_that_go_on_keep_their_effect_when_another_falls_silent():
    rng = np.random.default_rng(2)
    x = rng.exponential(1.0, (900, 3))
    x[:, 1] *= 100.0
    x[400:800, 1] = 0.0
    y = 0.5 * x[:, 0] + rng.normal(0, 0.3, 900)
    assert_like_twin(x, y, 100, 200, 10.0)
    beta, _ = walk(x, y, 100, 200, 10.0)
    assert (beta[650:800, 0] > 0.3).all()
    assert not beta[650:800, 1].any()


def test_equal_columns_share_the_effect():
    rng = np.random.default_rng(0)
    column = rng.exponential(1, 200)
    x = np.column_stack([column, column])
    beta, _ = walk(x, column + rng.normal(0, 0.1, 200), 50, 500, 10.0)
    assert beta[-1, 0] == pytest.approx(beta[-1, 1])
    assert_like_twin(x, column, 50, 500, 10.0)


@pytest.mark.parametrize("size", [1.0, 30.0, 100.0])
def test_a_channel_gone_silent_leaves_no_rounding_behind(size):
    rng = np.random.default_rng(1)
    x = rng.exponential(size, (1500, 4))
    x[:, 1] = 0.9 * x[:, 0] + 0.1 * x[:, 1]
    x[600:1300] = 0.0
    y = rng.normal(0, 0.5, 1500)
    assert_like_twin(x, y, 100, 300, 100.0)
    beta, _ = walk(x, y, 100, 300, 100.0)
    assert not beta[901:1301].any()


def test_a_channel_without_news_has_a_coefficient_of_exactly_zero():
    rng = np.random.default_rng(2)
    x = np.column_stack([rng.exponential(1, 100), np.zeros(100)])
    beta, centre = walk(x, rng.normal(0, 1, 100), 20, 50, 1.0)
    assert not beta[:, 1].any()
    assert not centre[:, 1].any()
    assert beta[20:, 0].all()


def test_coefficients_are_zero_until_enough_rows_had_a_target():
    rng = np.random.default_rng(3)
    x, y = rng.exponential(1, (100, 2)), rng.normal(0, 1, 100)
    y[:30] = np.nan
    beta, centre = walk(x, y, 20, 50, 1.0)
    assert not beta[:50].any()
    assert not centre[:50].any()
    assert beta[50:].all()


@given(st.integers(0, 2**20), st.integers(0, 99))
def test_a_row_is_fitted_on_the_rows_before_it(seed, row):
    rng = np.random.default_rng(seed)
    x, y = rng.exponential(1, (100, 3)), rng.normal(0, 1, 100)
    other_x, other_y = x.copy(), y.copy()
    other_x[row:], other_y[row:] = rng.exponential(9, (100 - row, 3)), np.nan
    for column, again in zip(walk(x, y, 20, 50, 1.0), walk(other_x, other_y, 20, 50, 1.0), strict=True):
        assert np.array_equal(column[: row + 1], again[: row + 1])


def test_shrinkage_counts_as_rows_of_evidence_for_nothing():
    rng = np.random.default_rng(4)
    x = rng.normal(0, 1, (1001, 1))
    y = 0.5 * x[:, 0]
    weak, strong = (walk(x, y, 100, 5000, ridge)[0][-1, 0] for ridge in (1e-9, 1000.0))
    assert weak == pytest.approx(0.5)
    # a thousand rows of evidence against a thousand rows for nothing
    assert strong == pytest.approx(0.25)
