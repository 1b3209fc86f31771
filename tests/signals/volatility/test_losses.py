"""Losses: zero for the truth, and the floor is what the truth scores against noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.signals.volatility.history import measure_history
from newsvol.signals.volatility.losses import forecast_losses, noise_floor_qlike, qlike

variances = st.floats(1e-12, 1e-2)


@given(variances, variances)
def test_qlike_is_zero_for_the_truth_and_positive_for_anything_else(realized, forecast):
    loss = float(qlike(np.array([realized]), np.array([forecast]))[0])
    if realized == forecast:
        assert loss == 0.0
    elif abs(realized / forecast - 1) > 1e-7:
        assert loss > 0.0
    else:
        assert loss >= -1e-15


@given(variances, st.floats(1.1, 100))
def test_too_low_a_forecast_costs_more_than_too_high_a_one(realized, factor):
    low, high = qlike(np.full(2, realized), np.array([realized / factor, realized * factor]))
    assert low > high


@given(variances, st.floats(0.1, 10), st.floats(1e-3, 1e3))
def test_qlike_knows_no_units(realized, ratio, unit):
    plain = qlike(np.array([realized]), np.array([realized * ratio]))
    scaled = qlike(np.array([realized * unit]), np.array([realized * ratio * unit]))
    np.testing.assert_allclose(scaled, plain, atol=1e-12)


def test_a_perfect_forecast_has_no_loss_and_explains_everything():
    realized = np.exp(np.random.default_rng(0).normal(-13, 1, 100))
    assert forecast_losses(realized, realized) == {"qlike": 0.0, "mse": 0.0, "r2_vol": 1.0, "r2_log": 1.0}


def test_the_mean_explains_nothing_and_a_bias_is_not_forgiven():
    rng = np.random.default_rng(1)
    realized = np.exp(rng.normal(-13, 1, 100))
    mean = np.full(100, np.exp(np.log(realized).mean()))
    assert forecast_losses(realized, mean)["r2_log"] == pytest.approx(0.0, abs=1e-12)
    # a regression on it would be perfect
    assert forecast_losses(realized, 10 * realized)["r2_log"] < 0


def test_losses_by_hand():
    losses = forecast_losses(np.array([1.0, 4.0]), np.array([2.0, 4.0]))
    assert losses["qlike"] == pytest.approx((0.5 - np.log(0.5) - 1) / 2)
    assert losses["mse"] == pytest.approx(0.5)
    assert losses["r2_vol"] == pytest.approx(1 - (np.sqrt(2) - 1) ** 2 / 0.5)
    assert losses["r2_log"] == pytest.approx(1 - np.log(2) ** 2 / (np.log(4) ** 2 / 2))


def test_nothing_can_be_explained_of_a_constant():
    losses = forecast_losses(np.full(3, 2.0), np.full(3, 2.0))
    assert np.isnan(losses["r2_vol"])
    assert np.isnan(losses["r2_log"])
    assert losses["qlike"] == 0.0


def test_the_noise_floor_is_what_a_perfect_forecast_scores(make_sessions, make_bars):
    sigma = 5e-4
    sessions = make_sessions(400)
    history = measure_history(make_bars(sessions, seed=2, minutes=1, constant_vol=sigma), sessions)
    truth = sigma**2 * history.minutes
    scored = qlike(history.measures.rv, truth).mean()
    assert noise_floor_qlike(history.measures) == pytest.approx(scored, rel=0.15)
