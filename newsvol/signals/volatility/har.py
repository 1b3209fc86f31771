"""Walk-forward HAR regressions (Corsi 2009), in levels, diurnally adjusted, and in logs."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError
from newsvol.signals.volatility.buckets import DAY, MONTH, WEEK
from newsvol.signals.volatility.har_nb import COLLINEAR, OLS, QLIKE, WLS, HarArrays, walk_forward_nb

LAGS = (1, DAY, WEEK, MONTH)
"""Buckets averaged in each column: the last bucket, a day, a week, a month."""

WINDOW, MIN_WINDOW = 2500, 500
"""Rows of the fitting window, full and at the first forecast: about a year and a half, and a season."""

REBASE_EVERY = 500
"""Rows after which the Gram matrix is built anew, or four windows where that is more: that costs a quarter of
a row a step."""

Fit = Literal["ols", "wls", "qlike"]
_FITS: dict[Fit, int] = {"ols": OLS, "wls": WLS, "qlike": QLIKE}


@dataclass(frozen=True)
class HarConfig:
    """How the regression walks forward.

    Attributes
    ----------
    window : int
        Rows of the rolling window once it is full.
    min_window : int
        Rows before the first forecast; until `window` is reached the window grows.
    is_log : bool
        The series is a log: track the smearing factor, the mean of exp(error) over the window
        (Duan 1983), that turns a forecast log into a forecast mean.
    lags : tuple of int
        Ascending.
    fit : {"ols", "wls", "qlike"}
        Least squares; least squares with each row weighted by one over the squared mean of its lags (the
        error of a variance grows with its level, Patton and Sheppard 2015); or the coefficients of a log
        forecast that make QLIKE least, moved at every row by one Newton step (the quasi-likelihood of Engle
        and Gallo 2006, estimated recursively). The last forecasts the level itself: nothing is smeared.
    """

    window: int = WINDOW
    min_window: int = MIN_WINDOW
    is_log: bool = False
    lags: tuple[int, ...] = LAGS
    fit: Fit = "ols"

    def __post_init__(self) -> None:
        if not self.lags or self.lags[0] < 1 or any(b <= a for a, b in pairwise(self.lags)):
            raise InputError(f"HAR lags are {self.lags}; give ascending numbers of buckets, from 1")
        columns = len(self.lags) + 1
        if not columns < self.min_window <= self.window:
            raise InputError(
                f"HAR needs {columns} < min_window <= window, "
                f"got min_window {self.min_window}, window {self.window}"
            )
        if self.fit not in _FITS:
            raise InputError(f"HAR fit {self.fit!r} is none of: {', '.join(_FITS)}")
        if (self.fit == "qlike" and not self.is_log) or (self.fit == "wls" and self.is_log):
            needs = "the log of a variance" if self.fit == "qlike" else "a variance, not its log"
            raise InputError(f"HAR fit {self.fit!r} is for {needs}")


@dataclass(frozen=True)
class Evidence:
    """What is believed before a row is seen, as if so many rows had been fitted on.

    Attributes
    ----------
    rows : float
        How many.
    moments : FloatArray, shape (p, p + 1)
        X'X of those rows, beside X'y.
    smearing_rows, smearing : float
        How many errors the prior is worth, and the mean of their exp.
    """

    rows: float
    moments: FloatArray
    smearing_rows: float
    smearing: float


@dataclass
class HarState:
    """The regression between two steps; feed it bucket by bucket, or all at once.

    Parameters
    ----------
    config : HarConfig
    capacity : int
        Buckets it can hold.
    extra_names : tuple of str
        Names of columns beside the lags, used in messages.
    extra_ridge : tuple of float
        For each of them, how many rows of evidence for no effect its coefficient is held against: a dummy
        that has not occurred yet has the coefficient zero. Empty for none.
    prior : Evidence or None
        The regression is shrunk towards it. The lagged means then take what there is, and forecasts begin
        after `HarConfig.min_window` rows, however long the lags.
    """

    config: HarConfig
    capacity: int
    extra_names: tuple[str, ...] = ()
    extra_ridge: tuple[float, ...] = ()
    prior: Evidence | None = None

    def __post_init__(self) -> None:
        n, p = self.capacity, 1 + len(self.config.lags) + len(self.extra_names)
        config = self.config
        ridge = np.zeros(p)
        ridge[p - len(self.extra_ridge) :] = self.extra_ridge
        begins = np.column_stack([np.diag(ridge), np.zeros(p)])
        believed = np.zeros(3)
        if self.prior is not None:
            begins = begins + self.prior.moments
            errors = self.prior.smearing_rows
            believed = np.array([self.prior.rows, errors, errors * self.prior.smearing])
        rebase = max(REBASE_EVERY, 4 * config.window)
        self._arrays = HarArrays(
            x=np.full(n, np.nan),
            extra=np.full((n, len(self.extra_names)), np.nan),
            lags=np.array(config.lags, dtype=np.int64),
            config=np.array(
                [config.min_window, config.window, rebase, int(config.is_log), _FITS[config.fit]],
                dtype=np.int64,
            ),
            prior=begins,
            believed=believed,
            sums=np.zeros((n + 1, 5)),
            rows=np.zeros((n + 1, p)),
            usable=np.zeros(n + 1, dtype=np.bool_),
            gram=begins.copy(),
            work=np.zeros((p + 1, p)),
            beta=np.full(p, np.nan),
            marks=np.array([-1, 0, 0, 0, 0, 0, 1 + len(config.lags)], dtype=np.int64),
            bounds=np.array([np.inf, -np.inf]),
            forecast=np.full(n, np.nan),
            smearing=np.full(n, np.nan),
            evidence=np.zeros(n),
        )
        self._next = 0

    @property
    def beta(self) -> FloatArray:
        """The latest coefficients, shape (p,), in the order of `columns`."""
        return self._arrays.beta

    @property
    def prior_share(self) -> FloatArray:
        """How much the prior weighs in each row's fit, shape (capacity,): its rows among all."""
        rows = 0.0 if self.prior is None else self.prior.rows
        return np.asarray(rows / np.maximum(rows + self._arrays.evidence, 1.0))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the coefficients in `beta`."""
        return self.names(self.config, self.extra_names)

    @staticmethod
    def names(config: HarConfig, extra_names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of a regression's columns: the constant, the lags, and what stands beside them."""
        return ("constant", *(f"lag{lag}" for lag in config.lags), *extra_names)

    def fitted_rows(self) -> FloatArray:
        """Return the rows seen so far that can be fitted on, columns beside target, shape (n, p + 1)."""
        arrays, done = self._arrays, slice(self._next)
        seen = np.flatnonzero(arrays.usable[done] & np.isfinite(arrays.x[done]))
        return np.column_stack([arrays.rows[seen], arrays.x[seen]])

    def step(self, value: float, extra: FloatArray | None = None) -> tuple[float, float]:
        """Learn `value`, the bucket that just ended, and forecast the next one.

        Parameters
        ----------
        value : float
            NaN where the bucket had no bars: it is not fitted on, and the lagged means skip it. The first
            call, before any bucket ended, takes NaN too.
        extra : FloatArray, shape (len(extra_names),)
            Columns known when the next bucket begins.

        Returns
        -------
        forecast, smearing : float
            NaN until `min_window` rows have been seen.
        """
        b = self._next
        # the kernel does not check its bounds
        assert b < self.capacity, f"the regression holds {self.capacity} buckets and has seen them all"
        if b > 0:
            self._arrays.x[b - 1] = value
        if extra is not None:
            self._arrays.extra[b] = extra
        walk_forward_nb(b, b + 1, self._arrays)
        self._next = b + 1
        self._require_full_rank()
        return float(self._arrays.forecast[b]), float(self._arrays.smearing[b])

    def run(self, x: FloatArray, extra: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Forecast every row of `x`, shape (capacity,), each from the rows before it.

        Returns
        -------
        forecast, smearing : FloatArray, shape (capacity,)

        Raises
        ------
        InputError
            Two columns are collinear; the message names the second.
        """
        assert self._next == 0, "the regression has seen buckets already"
        self._arrays.x[:] = x
        if extra is not None:
            self._arrays.extra[:] = extra
        walk_forward_nb(0, self.capacity, self._arrays)
        self._next = self.capacity
        self._require_full_rank()
        return self._arrays.forecast, self._arrays.smearing

    def _require_full_rank(self) -> None:
        if column := int(self._arrays.marks[COLLINEAR]):
            raise InputError(
                f"HAR column {self.columns[column - 1]!r} is a combination of the columns before it; "
                "a constant series or a repeated column cannot be fitted"
            )
