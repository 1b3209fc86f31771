"""Which targets become orders, and on which side."""

import numpy as np
import pytest
from account import Account
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.costs import Costs
from newsvol.engine.errors import InputError, TapeError
from newsvol.strategies.orders import order_sides, settle
from newsvol.strategies.orders_nb import sent_rows_nb
from newsvol.strategies.orders_python import sent_rows_python

targets = st.lists(
    st.one_of(st.floats(-1, 1), st.sampled_from([np.nan, 0.0, 0.5, 0.55, 1.0])), max_size=50
).map(lambda values: np.array(values, dtype=np.float64))
bands = st.sampled_from([0.0, 0.05, 0.3, 1.0])


def sent(weight: list[float], band: float) -> list[int]:
    rows, frame = settle(np.array(weight), np.arange(len(weight)), band)
    assert frame.decided_ns.tolist() == rows.tolist()
    return rows.tolist()


def test_the_first_target_is_sent_however_small():
    assert sent([np.nan, 0.01], 0.05) == [1]


def test_a_first_target_of_nothing_is_no_order():
    assert sent([0.0, np.nan, 0.0], 0.05) == []


def test_changes_within_the_band_are_kept_back_until_they_add_up():
    assert sent([0.50, 0.54, 0.46, 0.551, 0.55], 0.05) == [0, 3]


def test_going_flat_is_sent_whatever_the_band():
    assert sent([0.02, 0.0, 0.0, 0.02], 0.5) == [0, 1, 3]


def test_a_zero_band_sends_every_change_and_no_repetition():
    assert sent([0.5, 0.5, 0.5000001, np.nan, 0.5000001], 0.0) == [0, 2]


@given(targets, bands)
def test_the_kernel_matches_plain_python(weight, band):
    assert np.array_equal(sent_rows_nb(weight, band), sent_rows_python(weight, band))


@given(targets, bands, st.integers(0, 50))
def test_what_is_sent_does_not_depend_on_later_targets(weight, band, row):
    assert np.array_equal(sent_rows_nb(weight, band)[:row], sent_rows_nb(weight[:row], band))


@pytest.mark.parametrize("band", [-0.1, 1.1, float("nan")])
def test_a_senseless_band_is_refused(band):
    with pytest.raises(InputError, match="rebalance_band"):
        settle(np.zeros(1), np.zeros(1, np.int64), band)


def test_a_levered_weight_is_refused():
    with pytest.raises(TapeError, match="not within"):
        settle(np.array([1.2]), np.zeros(1, np.int64), 0.05)


def test_a_target_below_the_drifted_weight_sells():
    assert order_sides(np.array([0.50, 0.55, 0.56]), np.array([100.0, 200.0, 200.0])).tolist() == [1, -1, 1]


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(50, 99)), min_size=1, max_size=20))
def test_sides_are_those_that_the_account_takes(orders):
    account = Account(1e6, Costs(0, 0, 0))
    weight, price = (np.array(column) for column in zip(*orders, strict=True))
    for side, order in zip(order_sides(weight, price), orders, strict=True):
        shares = account.fill(*order).shares
        assert abs(shares) < 1e-3 or np.sign(shares) == side


def test_a_short_that_lost_everything_is_bought_back():
    assert order_sides(np.array([-1.0, -1.0]), np.array([100.0, 250.0])).tolist() == [-1, 1]
