"""Fits beside least squares: weighted, by QLIKE, and held by a ridge; each is its peer's."""

import numpy as np
import pytest
import statsmodels.api as sm

from newsvol.engine.errors import InputError
from newsvol.signals.volatility.har import HarConfig, HarState

SHORT = (1, 4, 11)
N = 260


def log_series(n: int, seed: int, missing: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    level = np.zeros(n)
    for i in range(1, n):
        level[i] = 0.9 * level[i - 1] + rng.normal(0, 0.3)
    values = level + rng.normal(0, 0.3, n) - 13.0
    values[rng.random(n) < missing] = np.nan
    return values


def design(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(rows)), *([x[b - lag : b].mean() for b in rows] for lag in SHORT)])


def test_weighted_coefficients_are_those_of_statsmodels():
    x = np.exp(log_series(N, 1))
    state = HarState(HarConfig(120, 60, False, SHORT, "wls"), N)
    state.run(x)
    rows = np.arange(N - 121, N - 1)
    columns = design(x, rows)
    peer = sm.WLS(x[rows], columns, weights=columns[:, 1:].mean(axis=1) ** -2).fit()
    np.testing.assert_allclose(state.beta, peer.params, rtol=1e-8)


def test_the_first_qlike_fit_is_the_gamma_regression_of_statsmodels():
    x = log_series(N, 2)
    first = max(SHORT) + 150
    state = HarState(HarConfig(200, 150, True, SHORT, "qlike"), first + 1)
    state.run(x[: first + 1])
    rows = np.arange(max(SHORT), first)
    link = sm.families.links.Log()
    peer = sm.GLM(np.exp(x[rows]) / np.exp(x[rows]).mean(), design(x, rows), sm.families.Gamma(link))
    params = peer.fit(tol=1e-14, maxiter=500).params
    params[0] += np.log(np.exp(x[rows]).mean())
    np.testing.assert_allclose(state.beta, params, rtol=1e-7)


def test_a_qlike_fit_forecasts_the_level_without_smearing():
    x = np.random.default_rng(3).normal(-9, 0.5, 3000)
    forecast, smearing = HarState(HarConfig(2500, 500, True, fit="qlike"), 3000).run(x)
    known = np.isfinite(forecast)
    assert np.all(smearing[known] == 1.0)
    assert np.exp(x[known] - forecast[known]).mean() == pytest.approx(1.0, abs=0.02)


def test_a_bad_print_hardly_bends_a_qlike_fit():
    x = log_series(900, 4)
    spoilt = x.copy()
    spoilt[600] += 12
    config = HarConfig(400, 100, True, SHORT, "qlike")
    plain, _ = HarState(config, 900).run(x)
    bent, _ = HarState(config, 900).run(spoilt)
    # the lags of eleven rows hold the print itself; after them only the coefficients remember it
    assert np.abs(bent[620:] - plain[620:]).max() < 0.35
    assert np.abs(bent[750:] - plain[750:]).mean() < 0.1


@pytest.mark.parametrize(("fit", "is_log"), [("wls", False), ("qlike", True)])
def test_a_live_step_is_bit_identical_to_the_columns(fit, is_log):
    x = log_series(400, 5, missing=0.05)
    x = x if is_log else np.exp(x)
    config = HarConfig(150, 60, is_log, SHORT, fit)
    forecast, smearing = HarState(config, 400).run(x)
    live = HarState(config, 400)
    steps = np.array([live.step(x[b - 1] if b else np.nan) for b in range(400)])
    assert np.array_equal(steps, np.column_stack([forecast, smearing]), equal_nan=True)


@pytest.mark.parametrize("held", [(), (1.0,)])
def test_a_dummy_that_never_occurs_has_the_coefficient_zero(held):
    x = log_series(N, 6)
    zeros = np.zeros((N, 1))
    config = HarConfig(120, 60, True, SHORT)
    state = HarState(config, N, ("event",), held)
    forecast, _ = state.run(x, zeros)
    plain, _ = HarState(config, N).run(x)
    assert dict(zip(state.columns, state.beta, strict=True))["event"] == 0.0
    np.testing.assert_allclose(forecast, plain, rtol=1e-12)


def test_a_ridge_is_so_many_rows_that_say_zero():
    x = log_series(N, 7)
    dummy = (np.random.default_rng(8).random((N, 1)) < 0.1).astype(np.float64)
    state = HarState(HarConfig(120, 60, True, SHORT), N, ("event",), (4.0,))
    state.run(x, dummy)
    rows = np.arange(N - 121, N - 1)
    columns = np.vstack([np.column_stack([design(x, rows), dummy[rows]]), [0, 0, 0, 0, 2]])
    peer = sm.OLS(np.append(x[rows], 0.0), columns).fit()
    np.testing.assert_allclose(state.beta, peer.params, rtol=1e-8)


@pytest.mark.parametrize(
    ("fit", "is_log", "words"),
    [("qlike", False, "log of a variance"), ("wls", True, "not its log"), ("lasso", True, "none of: ols")],
)
def test_a_fit_of_the_wrong_series_is_refused(fit, is_log, words):
    with pytest.raises(InputError, match=words):
        HarConfig(is_log=is_log, fit=fit)


def test_a_collinear_column_is_refused_by_its_name_in_every_fit():
    x = log_series(N, 9)
    for fit, is_log in (("qlike", True), ("wls", False)):
        series = x if is_log else np.exp(x)
        copy = np.concatenate([[0.0], series[:-1]])[:, None]
        with pytest.raises(InputError, match="HAR column 'copy'"):
            HarState(HarConfig(120, 60, is_log, SHORT, fit), N, ("copy",)).run(series, copy)
