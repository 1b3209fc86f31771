"""HAR coefficients are those of statsmodels and arch on the same window."""

import numpy as np
import pytest
import statsmodels.api as sm
from arch.univariate import HARX

from newsvol.signals.volatility.har import LAGS, HarConfig, HarState

WINDOW = 400
N = 900


@pytest.fixture(scope="module")
def series() -> np.ndarray:
    rng = np.random.default_rng(0)
    values = np.zeros(N)
    for i in range(1, N):
        values[i] = 0.8 * values[i - 1] + rng.normal(0, 0.5)
    return values - 2.0


@pytest.fixture(scope="module")
def extra() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1, (N, 1))


def fitted(series: np.ndarray, extra: np.ndarray | None = None) -> HarState:
    """The state after its last step, whose fit used the `WINDOW` rows before the last one."""
    state = HarState(HarConfig(WINDOW, 100, True), N, () if extra is None else ("extra",))
    state.run(series, extra)
    return state


def lagged_means(series: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.array([[series[b - lag : b].mean() for lag in LAGS] for b in rows])


def test_coefficients_are_those_of_statsmodels(series, extra):
    rows = np.arange(N - 1 - WINDOW, N - 1)
    design = sm.add_constant(np.column_stack([lagged_means(series, rows), extra[rows]]))
    peer = sm.OLS(series[rows], design).fit()
    np.testing.assert_allclose(fitted(series, extra).beta, peer.params, rtol=1e-8)


def test_the_forecast_is_that_of_statsmodels(series, extra):
    rows = np.arange(N - 1 - WINDOW, N - 1)
    last = np.array([N - 1])
    peer = sm.OLS(
        series[rows], sm.add_constant(np.column_stack([lagged_means(series, rows), extra[rows]]))
    ).fit()
    now = np.column_stack([np.ones(1), lagged_means(series, last), extra[last]])
    state = HarState(HarConfig(WINDOW, 100, True), N, ("extra",))
    forecast, _ = state.run(series, extra)
    assert forecast[-1] == pytest.approx(peer.predict(now)[0], rel=1e-9)


def test_coefficients_are_those_of_arch(series):
    history = series[N - 1 - WINDOW - max(LAGS) : N - 1]
    peer = HARX(history, lags=list(LAGS), rescale=False).fit(disp="off")
    assert peer.nobs == WINDOW
    np.testing.assert_allclose(fitted(series).beta, peer.params.to_numpy()[: len(LAGS) + 1], rtol=1e-8)


def test_coefficients_with_a_column_beside_are_those_of_arch(series, extra):
    begin = N - 1 - WINDOW - max(LAGS)
    peer = HARX(series[begin:-1], x=extra[begin:-1], lags=list(LAGS), rescale=False).fit(disp="off")
    np.testing.assert_allclose(fitted(series, extra).beta, peer.params.to_numpy()[: len(LAGS) + 2], rtol=1e-8)
