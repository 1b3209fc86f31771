"""Experts combined online: the kernel is its brute-force twin, and loses no more than it promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsvol.signals.experts_nb import ExpertArrays, empty_experts, expert_walk_nb
from newsvol.signals.experts_python import expert_walk_python

RATE, BOUND = 1.0, 4.0


def drawn(seed: int, experts: int, missing: float, rows: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Return forecasts, some of them missing, and what was realized, some of it missing or far off."""
    rng = np.random.default_rng(seed)
    level = np.exp(np.cumsum(rng.normal(0, 0.2, rows)) - 9)
    variance = level[:, None] * np.exp(rng.normal(0, 0.1 + rng.random(experts), (rows, experts)))
    variance[rng.random((rows, experts)) < missing] = np.nan
    realized = level * rng.chisquare(5, rows) / 5 * np.where(rng.random(rows) < 0.05, 1e3, 1.0)
    realized[rng.random(rows) < missing] = np.nan
    realized[rng.random(rows) < missing / 2] = 0.0
    return variance, realized


def walked(variance: np.ndarray, realized: np.ndarray, prior: np.ndarray, rate: float) -> ExpertArrays:
    state = empty_experts(len(variance), prior)
    expert_walk_nb(0, len(variance), variance, realized, rate, BOUND, True, state)
    return state


any_market = given(
    seed=st.integers(0, 2**20),
    experts=st.integers(1, 5),
    missing=st.sampled_from([0.0, 0.3]),
    rate=st.sampled_from([0.1, 1.0, 5.0]),
)


@settings(max_examples=40)
@any_market
def test_kernel_and_twin_agree(seed, experts, missing, rate):
    variance, realized = drawn(seed, experts, missing)
    prior = np.random.default_rng(seed).dirichlet(np.ones(experts))
    state = walked(variance, realized, prior, rate)
    weights, combined = expert_walk_python(variance, realized, prior, rate, BOUND)
    np.testing.assert_allclose(state.weights, weights, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(state.combined, combined, rtol=1e-9)


@settings(max_examples=20)
@any_market
def test_row_by_row_is_all_at_once_to_the_bit(seed, experts, missing, rate):
    variance, realized = drawn(seed, experts, missing)
    prior = np.full(experts, 1 / experts)
    whole, grown = walked(variance, realized, prior, rate), empty_experts(len(variance), prior)
    seen = np.full_like(variance, np.nan), np.full_like(realized, np.nan)
    for row in range(len(variance)):
        seen[0][row] = variance[row]
        expert_walk_nb(row, row + 1, *seen, rate, BOUND, True, grown)
        seen[1][row] = realized[row]  # known after its own row alone
    for ours, theirs in zip(whole, grown, strict=True):
        assert ours.tobytes() == theirs.tobytes()


@settings(max_examples=60)
@any_market
def test_the_regret_is_within_its_bound(seed, experts, missing, rate):
    variance, realized = drawn(seed, experts, missing, rows=150)
    prior = np.random.default_rng(seed).dirichlet(np.ones(experts))
    state = walked(variance, realized, prior, rate)
    own, spreads = state.tally
    bounds = state.loss - np.log(prior) / rate + rate / 8 * spreads
    # the last row is never learnt: each one counts when the next begins
    assert (own <= bounds + 1e-9).all()


def test_the_better_expert_gets_the_weight_and_a_bad_print_decides_nothing():
    rng = np.random.default_rng(1)
    level = np.full(400, 1e-4)
    realized = level * rng.chisquare(20, 400) / 20
    variance = np.column_stack([level, 1.5 * level])
    prior = np.array([0.5, 0.5])
    weights = walked(variance, realized, prior, RATE).weights
    assert weights[0].tolist() == [0.5, 0.5]
    assert weights[-1, 0] > 0.99
    bad = realized.copy()
    bad[399 // 2] *= 1e6
    again = walked(variance, bad, prior, RATE).weights
    # one row of a ratio of four, at the most
    assert np.log(again[-1, 1] / again[-1, 0]) - np.log(weights[-1, 1] / weights[-1, 0]) < 2 * BOUND
    assert again[-1, 0] > 0.99


def test_an_expert_that_wakes_late_starts_as_good_as_the_others_were_together():
    level = np.full(50, 1e-4)
    variance = np.column_stack([level, 2 * level, level])
    variance[:30, 2] = np.nan
    weights = walked(variance, level, np.full(3, 1 / 3), RATE).weights
    assert (weights[:30, 2] == 0).all()
    np.testing.assert_allclose(weights[:30].sum(axis=1), 1)
    assert 1 / 3 < weights[30, 2] < weights[30, 0]


def test_nobody_awake_is_no_forecast_and_teaches_nothing():
    variance = np.full((3, 2), np.nan)
    variance[2] = [1e-4, 2e-4]
    state = walked(variance, np.full(3, 1e-4), np.array([0.25, 0.75]), RATE)
    assert np.isnan(state.weights[:2]).all()
    assert np.isnan(state.combined[:2]).all()
    np.testing.assert_allclose(state.weights[2], [0.25, 0.75])
    assert state.combined[2] == pytest.approx(1e-4 * 2**0.75)
    assert not state.loss.any()


def test_weights_alone_are_asked_of_rows_whose_forecasts_are_not_known_yet():
    variance, realized = drawn(3, 2, 0.0)
    prior = np.array([0.9, 0.1])
    whole, blind = walked(variance, realized, prior, RATE), empty_experts(len(variance), prior)
    for row in range(len(variance)):
        known = np.where(np.arange(len(variance))[:, None] < row, variance, np.nan)
        expert_walk_nb(row, row + 1, known, realized, RATE, BOUND, False, blind)
    assert blind.weights.tobytes() == whole.weights.tobytes()
    assert np.isnan(blind.combined).all()


def test_the_tally_holds_what_was_lost_and_how_far_the_experts_were_apart():
    variance = np.array([[1e-4, 2e-4], [1e-4, 4e-4], [1e-4, 1e-4]])
    realized = np.array([3e-4, 2e-4, 1e-4])
    prior = np.array([0.5, 0.5])
    state = walked(variance, realized, prior, RATE)
    seen = realized[:2] / variance.T[:, :2]
    losses = (seen - np.log(seen) - 1).T
    ratio = realized[:2] / state.combined[:2]
    assert state.tally[0] == pytest.approx((ratio - np.log(ratio) - 1).sum())
    assert state.tally[1] == pytest.approx((np.ptp(losses, axis=1) ** 2).sum())
    np.testing.assert_allclose(state.loss, losses.sum(axis=0))


def test_weights_add_up_after_any_loss():
    variance = np.tile([1e-4, 1e-6, 1e-2], (2_000, 1))
    state = walked(variance, np.full(2_000, 1e-4), np.full(3, 1 / 3), rate=1e3)
    np.testing.assert_allclose(state.weights.sum(axis=1), 1)
    assert state.weights[-1].tolist() == [1, 0, 0]
