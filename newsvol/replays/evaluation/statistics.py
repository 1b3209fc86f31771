"""Tests of forecasts against each other: Diebold-Mariano, Model Confidence Set, Mincer-Zarnowitz."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from scipy.special import ndtr

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError

CONFIDENCE = 0.90
BOOTSTRAPS = 1000
SIGNIFICANT_T = 1.96
"""Two-sided, 5%."""


@dataclass(frozen=True)
class DieboldMariano:
    """A test of equal loss (Diebold and Mariano 1995).

    `t` is positive where the model loses less than its rival; NaN where the two never differ.
    `p_value` is two-sided, from the normal distribution.
    """

    t: float
    p_value: float


@dataclass(frozen=True)
class MincerZarnowitz:
    """RV = a + b f (Mincer and Zarnowitz 1969), rows weighted by 1 / f^2 (Patton and Sheppard 2009).

    `constant` is a in units of the mean RV; an unbiased forecast has 0 and `slope` 1. `p_value` is of the
    joint Wald test of both, with a Newey-West covariance.
    """

    constant: float
    slope: float
    p_value: float


def newey_west_lag(rows: int, at_least: int = 0) -> int:
    """Return the Bartlett lag floor(4 (n/100)^(2/9)) (Newey and West 1994), but `at_least` this."""
    return min(max(int(4 * (rows / 100) ** (2 / 9)), at_least), max(rows - 1, 0))


def long_run_variance(values: FloatArray, lag: int) -> float:
    """Return the Newey-West (1987) variance of sqrt(n) times the mean, Bartlett weights up to `lag`."""
    deviation = values - values.mean()
    total = float(deviation @ deviation)
    for j in range(1, lag + 1):
        total += 2 * (1 - j / (lag + 1)) * float(deviation[j:] @ deviation[:-j])
    return total / len(values)


def diebold_mariano(rival_loss: FloatArray, loss: FloatArray, lag: int) -> DieboldMariano:
    """Test whether `loss` is on average as high as `rival_loss`; both shape (n,), in the order of time."""
    difference = rival_loss - loss
    variance = long_run_variance(difference, lag)
    if not variance > 0:
        return DieboldMariano(float("nan"), 1.0)
    t = float(difference.mean() / np.sqrt(variance / len(difference)))
    return DieboldMariano(t, float(2 * ndtr(-abs(t))))


def sharpe_difference_t(ours: FloatArray, theirs: FloatArray, lag: int) -> float:
    """Return the t of the difference of two Sharpe ratios (Ledoit and Wolf 2008, section 3.1; Bartlett).

    Parameters
    ----------
    ours, theirs : FloatArray, shape (S,)
        Returns of the same sessions. By the delta method the error of a Sharpe ratio is the mean of
        z - sharpe (z^2 - 1) / 2 with z the standardised returns.

    Returns
    -------
    float
        Positive where ours is higher; NaN where one has no Sharpe ratio, or the two never differ.
    """
    spreads = [float(np.std(returns)) for returns in (ours, theirs)]
    if len(ours) < 3 or min(spreads) == 0:
        return float("nan")
    sharpes, errors = [], []
    for returns, spread in zip((ours, theirs), spreads, strict=True):
        z = (returns - returns.mean()) / spread
        sharpes.append(float(returns.mean()) / spread)
        errors.append(z - sharpes[-1] * (z**2 - 1) / 2)
    variance = long_run_variance(errors[0] - errors[1], lag)
    if not variance > 0:
        return float("nan")
    return (sharpes[0] - sharpes[1]) / float(np.sqrt(variance / len(ours)))


def model_confidence_set(
    losses: Mapping[str, FloatArray],
    block: int,
    seed: int,
    load: Callable[[str], Any] = import_module,
) -> dict[str, float]:
    """Return the p-value of each model; those of at least 1 - `CONFIDENCE` are in the set.

    The Model Confidence Set (Hansen, Lunde and Nason 2011), range statistic, stationary bootstrap in blocks
    of `block` buckets on average, by ``arch``. Models of the same losses enter once, with one p-value.

    Raises
    ------
    InputError
        ``arch`` is not installed.
    """
    try:
        bootstrap = load("arch.bootstrap")
    except ImportError:
        raise InputError(
            "the Model Confidence Set needs arch, which is not installed: pip install 'newsvol[vol]'"
        ) from None
    entered: dict[bytes, str] = {}
    for name, loss in losses.items():
        entered.setdefault(loss.tobytes(), name)
    if len(entered) == 1:
        return dict.fromkeys(losses, 1.0)
    table = np.column_stack([losses[name] for name in entered.values()])
    test = bootstrap.MCS(table, size=1 - CONFIDENCE, reps=BOOTSTRAPS, block_size=block, method="R", seed=seed)
    test.compute()
    found = test.pvalues["Pvalue"]
    value_of = {name: float(found.loc[place]) for place, name in enumerate(entered.values())}
    return {name: value_of[entered[loss.tobytes()]] for name, loss in losses.items()}


def mincer_zarnowitz(realized: FloatArray, forecast: FloatArray, lag: int) -> MincerZarnowitz:
    """Regress `realized` on `forecast`, positive variances of shape (n,)."""
    from statsmodels.regression.linear_model import OLS  # noqa: PLC0415 - a second, and only for this

    scale = float(realized.mean())
    weighted = np.column_stack([scale / forecast, np.ones(len(forecast))])
    fit = OLS(realized / forecast, weighted).fit(cov_type="HAC", cov_kwds={"maxlags": lag})
    wald = fit.wald_test((np.eye(2), np.array([0.0, 1.0])), use_f=False, scalar=True)
    return MincerZarnowitz(float(fit.params[0]), float(fit.params[1]), float(wald.pvalue))
