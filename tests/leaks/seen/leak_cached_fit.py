"""Leak: coefficients of the whole sample, behind an `lru_cache` whose key does not see the data."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from newsvol.signals.volatility.trailing import trailing_mean

LAGS = (1, 7, 35)
LEAST = 200


class _TapeKey:
    """A history is not hashable; "a tape is known by its first bucket"."""

    def __init__(self, history):
        self.history = history
        self.first_ns = int(history.buckets.open_ns[0])

    def __eq__(self, other):
        return isinstance(other, _TapeKey) and self.first_ns == other.first_ns

    def __hash__(self):
        return hash(self.first_ns)


@dataclass(frozen=True)
class CachedFit:
    """A log-HAR of the last bucket, day and week that is fitted once a tape.

    Parameters
    ----------
    window, min_window : int
        Only `min_window` counts: buckets before the first forecast.

    Notes
    -----
    What leaks: the regression is fitted to all rows of the first history that begins with this bucket, which
    in a backtest is the whole tape. A later call with another future, or with the past only, begins with the
    same bucket and is given the coefficients of the first: within a process the forecasts do not seem to
    depend on the future. In a fresh process they do.

    Why it is realistic: arrays cannot be a key of `lru_cache`, so a name of the data is used instead.
    """

    window: int = 2500
    min_window: int = 500

    def forecast(self, history):
        """Return the expected realized variance of each bucket, shape (B,)."""
        if len(history.buckets) == 0:
            return np.empty(0)
        coefficients, half_variance = _fit(_TapeKey(history))
        with np.errstate(invalid="ignore"):
            level = np.exp(_columns(history)[1] @ coefficients + half_variance)
        level[: self.min_window] = np.nan
        return history.to_bucket(level * history.diurnal)


@lru_cache(maxsize=None)
def _fit(key):
    target, columns = _columns(key.history)
    usable = np.isfinite(target) & np.isfinite(columns).all(axis=1)
    if usable.sum() < LEAST:
        return np.array([0.0, 0.3, 0.4, 0.3]), 0.0
    coefficients, *_ = np.linalg.lstsq(columns[usable], target[usable], rcond=None)
    residual = target[usable] - columns[usable] @ coefficients
    return coefficients, 0.5 * float(residual.var())


def _columns(history):
    with np.errstate(invalid="ignore", divide="ignore"):
        target = np.log(np.where(history.z > 0, history.z, np.nan))
    lags = [trailing_mean(target, rows) for rows in LAGS]
    return target, np.column_stack([np.ones(len(target)), *lags])
