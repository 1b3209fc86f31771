"""Daily HAR on published realized measures of SPY (R package highfrequency): coefficients of statsmodels."""

from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from newsvol.signals.volatility.har import HarConfig, HarState

pytestmark = pytest.mark.real
LAGS = (1, 5, 22)
SCALE = 1e4
"""Daily variances in percent squared, the usual unit of published coefficients."""


@pytest.fixture(scope="module")
def daily(data_dir: Path) -> dict[str, np.ndarray]:
    import pyreadr

    table = pyreadr.read_r(str(data_dir / "bars/hourly/highfrequency_SPYRM.rda"))["SPYRM"]
    return {name: table[name].to_numpy(dtype=np.float64) * SCALE for name in ("RV5", "BPV5", "RQ5")}


def lagged(x: np.ndarray, rows: np.ndarray, lags: tuple[int, ...] = LAGS) -> np.ndarray:
    return np.column_stack([np.ones(len(rows)), *([x[b - lag : b].mean() for b in rows] for lag in lags)])


def fit(x: np.ndarray, extra: dict[str, np.ndarray] | None = None, is_log: bool = False) -> HarState:
    """The state whose last fit used every row that has a month before it, but the last."""
    extra = extra or {}
    state = HarState(HarConfig(len(x), 100, is_log, LAGS), len(x), tuple(extra))
    state.run(x, np.column_stack(list(extra.values())) if extra else None)
    return state


def before(x: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], x[:-1]])


def test_har_is_that_of_statsmodels(daily):
    x = daily["RV5"]
    rows = np.arange(max(LAGS), len(x) - 1)
    peer = sm.OLS(x[rows], lagged(x, rows)).fit()
    assert len(rows) == 1_472
    np.testing.assert_allclose(fit(x).beta, peer.params, rtol=1e-8)


def test_log_har_is_that_of_statsmodels(daily):
    x = np.log(daily["RV5"])
    rows = np.arange(max(LAGS), len(x) - 1)
    np.testing.assert_allclose(
        fit(x, is_log=True).beta, sm.OLS(x[rows], lagged(x, rows)).fit().params, rtol=1e-8
    )


@pytest.mark.parametrize("kind", ["quarticity", "jump"])
def test_harq_and_har_j_are_those_of_statsmodels(daily, kind):
    x = daily["RV5"]
    jump = np.maximum(x - daily["BPV5"], 0.0)
    column = before(np.sqrt(daily["RQ5"]) * x if kind == "quarticity" else jump)
    rows = np.arange(max(LAGS), len(x) - 1)
    peer = sm.OLS(x[rows], np.column_stack([lagged(x, rows), column[rows]])).fit()
    np.testing.assert_allclose(fit(x, {kind: column}).beta, peer.params, rtol=1e-8)
