"""The tests of forecasts find what was planted, and agree with a computation by hand and with statsmodels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS

from newsvol.engine.errors import InputError
from newsvol.replays.evaluation.statistics import (
    diebold_mariano,
    long_run_variance,
    mincer_zarnowitz,
    model_confidence_set,
    newey_west_lag,
    sharpe_difference_t,
)

ROWS = 800


def draw_market(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Realized variance, and the variance that it was drawn with."""
    rng = np.random.default_rng(seed)
    truth = 1e-5 * np.exp(np.convolve(rng.normal(0, 0.3, ROWS + 20), np.ones(20) / 4, "valid")[:ROWS])
    return truth * rng.chisquare(60, ROWS) / 60, truth


def qlike(realized: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    return realized / forecast - np.log(realized / forecast) - 1


def test_diebold_mariano_by_hand():
    rival, loss = np.array([3.0, 1.0, 4.0, 1.0, 5.0]), np.array([1.0, 1.0, 1.0, 2.0, 1.0])
    # differences 2, 0, 3, -1, 4; mean 1.6; deviations 0.4, -1.6, 1.4, -2.6, 2.4
    gamma_0 = (0.16 + 2.56 + 1.96 + 6.76 + 5.76) / 5
    gamma_1 = (0.4 * -1.6 + -1.6 * 1.4 + 1.4 * -2.6 + -2.6 * 2.4) / 5
    variance = gamma_0 + 2 * 0.5 * gamma_1
    assert diebold_mariano(rival, loss, lag=1).t == pytest.approx(1.6 / np.sqrt(variance / 5))


@pytest.mark.parametrize("lag", [0, 1, 7, 20])
def test_diebold_mariano_is_a_regression_on_a_constant_with_newey_west_errors(lag):
    rng = np.random.default_rng(1)
    rival, loss = rng.gamma(2, 1, (2, ROWS))
    fit = OLS(rival - loss, np.ones(ROWS)).fit(cov_type="HAC", cov_kwds={"maxlags": lag})
    found = diebold_mariano(rival, loss, lag)
    assert found.t == pytest.approx(float(fit.tvalues[0]), rel=1e-10)
    assert found.p_value == pytest.approx(float(fit.pvalues[0]), rel=1e-8)


@given(st.integers(0, 2**20), st.integers(0, 30))
def test_turning_the_contest_round_turns_the_sign(seed, lag):
    rival, loss = np.random.default_rng(seed).gamma(2, 1, (2, 60))
    one, other = diebold_mariano(rival, loss, lag), diebold_mariano(loss, rival, lag)
    assert one.t == pytest.approx(-other.t)
    assert one.p_value == pytest.approx(other.p_value)


def test_a_forecast_against_itself_is_no_contest():
    loss = np.random.default_rng(2).gamma(2, 1, ROWS)
    found = diebold_mariano(loss, loss, 7)
    assert np.isnan(found.t)
    assert found.p_value == 1.0


def test_equal_forecasts_are_rejected_about_as_often_as_promised():
    rng = np.random.default_rng(3)
    rejected = [diebold_mariano(*rng.gamma(2, 1, (2, 400)), 7).p_value < 0.05 for _ in range(400)]
    assert 0.02 < np.mean(rejected) < 0.10


def test_losses_that_hang_together_have_a_larger_long_run_variance():
    noise = np.random.default_rng(4).normal(0, 1, ROWS)
    together = np.convolve(noise, np.ones(5), "same")
    assert long_run_variance(together, 15) > 2 * together.var()
    assert long_run_variance(noise, 0) == pytest.approx(noise.var())


def test_the_lag_grows_slowly_and_covers_a_session():
    assert [newey_west_lag(rows) for rows in (100, 669, 27_000)] == [4, 6, 13]
    assert newey_west_lag(669, at_least=7) == 7
    assert newey_west_lag(3, at_least=7) == 2


def test_the_confidence_set_keeps_the_planted_best_and_drops_the_planted_bad():
    realized, truth = draw_market()
    rng = np.random.default_rng(5)
    forecasts = {
        "true": truth,
        "noisy": truth * np.exp(rng.normal(0, 0.8, ROWS)),
        "biased": 2 * truth,
        "constant": np.full(ROWS, truth.mean()),
    }
    found = model_confidence_set({name: qlike(realized, f) for name, f in forecasts.items()}, 14, 7)
    assert found["true"] == 1.0
    assert max(found[name] for name in ("noisy", "biased", "constant")) < 0.1


def test_the_confidence_set_keeps_what_it_cannot_tell_apart():
    realized, truth = draw_market()
    rng = np.random.default_rng(6)
    alike = {str(i): qlike(realized, truth * np.exp(rng.normal(0, 0.1, ROWS))) for i in range(4)}
    assert min(model_confidence_set(alike, 14, 7).values()) > 0.1


def test_models_with_the_same_losses_share_a_p_value():
    loss, worse = qlike(*draw_market()), np.full(ROWS, 3.0)
    found = model_confidence_set({"a": loss, "b": loss.copy(), "worse": worse}, 14, 7)
    assert found["a"] == found["b"] == 1.0
    assert found["worse"] < 0.1
    assert model_confidence_set({"a": loss, "b": loss.copy()}, 14, 7) == {"a": 1.0, "b": 1.0}


def test_without_arch_one_line_says_what_to_install():
    def absent(name: str) -> object:
        raise ImportError(name)

    with pytest.raises(InputError, match=r"needs arch, which is not installed: pip install 'newsvol\[vol\]'"):
        model_confidence_set({"a": np.ones(9), "b": np.zeros(9)}, 14, 7, load=absent)


def test_mincer_zarnowitz_leaves_an_unbiased_forecast_alone():
    realized, truth = draw_market()
    found = mincer_zarnowitz(realized, truth, 7)
    assert found.slope == pytest.approx(1.0, abs=0.05)
    assert found.constant == pytest.approx(0.0, abs=0.05)
    assert found.p_value > 0.05


def test_mincer_zarnowitz_recovers_a_planted_bias():
    realized, truth = draw_market()
    # RV = 0.2 mean + 0.5 f, so that f = 2 (truth - 0.2 mean)
    level = realized.mean()
    forecast = 2 * (truth + 0.6 * level - 0.2 * level)
    found = mincer_zarnowitz(realized + 0.6 * level, forecast, 7)
    assert found.slope == pytest.approx(0.5, abs=0.03)
    assert found.constant == pytest.approx(0.2 / 1.6, abs=0.03)
    assert found.p_value < 0.001


def test_mincer_zarnowitz_is_weighted_least_squares():
    realized, truth = draw_market(1)
    from statsmodels.regression.linear_model import WLS

    design = np.column_stack([np.full(ROWS, realized.mean()), 1.2 * truth])
    fit = WLS(realized, design, weights=1 / (1.2 * truth) ** 2).fit()
    found = mincer_zarnowitz(realized, 1.2 * truth, 7)
    assert (found.constant, found.slope) == pytest.approx(tuple(fit.params), rel=1e-8)


def returns_pair(seed: int, sessions: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Returns of two strategies with equal Sharpe ratios that move together."""
    market, ours, theirs = np.random.default_rng(seed).normal(0, 0.01, (3, sessions))
    return 0.0005 + market + ours, 2 * (0.0005 + market + theirs)


def test_the_sharpe_test_is_the_delta_method_of_the_moments():
    ours, theirs = returns_pair(0)
    rows = np.column_stack([ours, theirs, ours**2, theirs**2])
    deviation = rows - rows.mean(axis=0)
    lag = 3
    omega = deviation.T @ deviation / len(rows)
    for j in range(1, lag + 1):
        gamma = deviation[j:].T @ deviation[:-j] / len(rows)
        omega += (1 - j / (lag + 1)) * (gamma + gamma.T)
    a, b, c, d = rows.mean(axis=0)
    gradient = np.array(
        [
            c / (c - a**2) ** 1.5,
            -d / (d - b**2) ** 1.5,
            -a / (2 * (c - a**2) ** 1.5),
            b / (2 * (d - b**2) ** 1.5),
        ]
    )
    difference = a / np.sqrt(c - a**2) - b / np.sqrt(d - b**2)
    expected = difference / np.sqrt(gradient @ omega @ gradient / len(rows))
    assert sharpe_difference_t(ours, theirs, lag) == pytest.approx(expected, rel=1e-9)


def test_equal_sharpe_ratios_are_told_apart_one_time_in_twenty():
    found = np.array([sharpe_difference_t(*returns_pair(seed), lag=4) for seed in range(1000)])
    assert 0.03 < np.mean(np.abs(found) > 1.96) < 0.08


def test_the_sharpe_test_does_not_mind_leverage_and_turns_round():
    ours, theirs = returns_pair(1)
    found = sharpe_difference_t(ours, theirs, 4)
    assert sharpe_difference_t(3 * ours, theirs / 7, 4) == pytest.approx(found)
    assert sharpe_difference_t(theirs, ours, 4) == pytest.approx(-found)


def test_no_sharpe_ratio_no_test():
    ours, _ = returns_pair(2)
    for other in (np.zeros(len(ours)), ours):
        assert np.isnan(sharpe_difference_t(ours, other, 4))
    assert np.isnan(sharpe_difference_t(ours[:2], ours[1:3], 1))
