"""The HAR specifications by name: log-HAR, HARQ, SHAR, HAR-J and the rest, registered as forecasters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError
from newsvol.signals.volatility.buckets import WEEK, BucketFrame
from newsvol.signals.volatility.columns import BOUND, MAY_BE_MISSING, ColumnTable, require_columns
from newsvol.signals.volatility.columns_nb import bounded_nb
from newsvol.signals.volatility.exogenous import ExogenousColumn
from newsvol.signals.volatility.har import MIN_WINDOW, WINDOW, Fit, HarConfig, HarState
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.prior import WARM_UP, Prior
from newsvol.signals.volatility.protocol import FORECASTERS, ForecastStep
from newsvol.signals.volatility.schedule import RIDGE, Schedule


@dataclass(frozen=True)
class Har:
    """A HAR regression, walked forward bucket by bucket.

    Parameters
    ----------
    window, min_window : int
        Rows of the fitting window, full and at the first forecast.
    adjusted : bool
        Fit z = RV / diurnal instead of RV.
    is_log : bool
        Fit ln z, and turn the forecast back with the trailing smearing factor.
    columns : tuple of str
        Columns beside the lags; see `signals.columns`.
    fit : {"ols", "wls", "qlike"}
        See `har.HarConfig`.
    schedule : Schedule or None
        Adds a pair of dummies for each event.
    exogenous : ExogenousColumn or None
        Adds a series from outside the tape.
    prior : Prior or None
        What the regression is shrunk towards. With one a bucket counts as no less than a tenth of the
        trailing mean: where a thin stock hardly traded is no level, and its log is far from all others.
    outlier_bound : float or None
        A bucket counts as at most so many times the trailing mean, and as no less than that part of it.
    """

    window: int = WINDOW
    min_window: int = MIN_WINDOW
    adjusted: bool = True
    is_log: bool = True
    columns: tuple[str, ...] = ()
    fit: Fit = "ols"
    schedule: Schedule | None = None
    exogenous: ExogenousColumn | None = None
    prior: Prior | None = None
    outlier_bound: float | None = None

    def __post_init__(self) -> None:
        require_columns(self.columns)
        if self.prior is not None and not self.takes_prior:
            raise InputError("a prior is for a HAR in logs of z, fitted by least squares")

    @property
    def takes_prior(self) -> bool:
        """Whether the regression is of the kind that panels are fitted with."""
        return self.adjusted and self.is_log and self.fit == "ols"

    @property
    def extra_names(self) -> tuple[str, ...]:
        """Names of the columns that `extra` returns."""
        # by a name of its own: a prior has columns by name, and a series may be called as one of them
        beside = () if self.exogenous is None else (f"outside {self.exogenous.name}",)
        return self.columns + beside + (self.schedule.column_names() if self.schedule is not None else ())

    def series(self, history: VolHistory) -> FloatArray:
        """Return what is regressed on its own past, shape (B,)."""
        return self.regressed(self.level(history), np.full(1, np.nan))

    def extra(self, history: VolHistory) -> FloatArray | None:
        """Return the columns beside the lags, shape (B, q), row b known before bucket b."""
        parts = []
        if self.columns:
            table = ColumnTable(self.columns, len(history.buckets), history.buckets.n_slots)
            parts.append(table.extend(history, self.level(history), len(history.buckets)))
        if (given := self.given(history.buckets)) is not None:
            parts.append(given)
        return np.hstack(parts) if parts else None

    def given(self, buckets: BucketFrame) -> FloatArray | None:
        """Return the columns that do not come of the tape, shape (B, q): the outside series, and events."""
        parts = []
        if self.exogenous is not None:
            parts.append(self.exogenous.column(buckets)[:, None])
        if self.schedule is not None:
            parts.append(self.schedule.columns(buckets))
        return np.hstack(parts) if parts else None

    def state(self, capacity: int) -> HarState:
        """Return an empty regression for `capacity` buckets."""
        config = HarConfig(self.window, self.min_window, self.is_log, fit=self.fit)
        given = len(self.extra_names) - len(self.columns)
        held = tuple(RIDGE if name in MAY_BE_MISSING else 0.0 for name in self.columns) + (RIDGE,) * given
        if self.prior is None:
            return HarState(config, capacity, self.extra_names, held)
        # what the panel has seen is held at what it saw, and not at nothing
        known = self.prior.knows(self.extra_names)
        held = tuple(0.0 if knows else ridge for knows, ridge in zip(known, held, strict=True))
        names = HarState.names(config, self.extra_names)
        return HarState(config, capacity, self.extra_names, held, self.prior.evidence(names))

    def live(self, buckets: BucketFrame) -> "HarStep":
        """See `LiveForecaster.live`."""
        return HarStep(self, buckets)

    def back_transform(
        self, history: VolHistory, fitted: FloatArray, smearing: FloatArray, rows: slice = slice(None)
    ) -> FloatArray:
        """Turn fitted values of the series into variances of the buckets `rows`."""
        level = np.exp(fitted) * smearing if self.is_log else fitted
        per_hour = level * history.diurnal[rows] if self.adjusted else level
        return np.asarray(per_hour * history.minutes[rows] / 60.0)

    def forecast(self, history: VolHistory) -> FloatArray:
        """See `Forecaster.forecast`."""
        return self.run(history)[1]

    def run(self, history: VolHistory) -> tuple[HarState, FloatArray]:
        """Return the regression after its last bucket beside the forecasts of all, shape (B,)."""
        state = self.state(len(history.buckets))
        fitted, smearing = state.run(self.series(history), self.extra(history))
        return state, self.back_transform(history, fitted, smearing)

    def level(self, history: VolHistory) -> FloatArray:
        """Return the variance per hour that is regressed, with or without the time of day, shape (B,)."""
        return history.z if self.adjusted else history.intensity

    def prior_share(self, history: VolHistory) -> FloatArray:
        """See `WithPrior.prior_share`."""
        return self.run(history)[0].prior_share

    def regressed(self, level: FloatArray, mean: FloatArray) -> FloatArray:
        """Return `level` as it is regressed: itself, or its log.

        Parameters
        ----------
        mean : FloatArray, shape (1,)
            Of the levels before, carried on: NaN before the first.
        """
        if self.outlier_bound is not None:
            level = bounded_nb(level, self.outlier_bound, float(WEEK), mean)
        elif self.prior is not None:
            level = np.fmax(level, bounded_nb(level, BOUND, float(WEEK), mean))
        # a bucket in which no price moved has no log; it counts as missing, not as minus infinity.
        return np.log(np.where(level > 0, level, np.nan)) if self.is_log else level


class HarStep:
    """A HAR regression between two buckets: columns and coefficients as far as it has come.

    Parameters
    ----------
    har : Har
    buckets : BucketFrame
        All that will come.
    """

    def __init__(self, har: Har, buckets: BucketFrame) -> None:
        self._har = har
        self._state = har.state(len(buckets))
        self._table = ColumnTable(har.columns, len(buckets), buckets.n_slots) if har.columns else None
        self._given = har.given(buckets)
        self._mean = np.full(1, np.nan)

    def step(self, history: VolHistory) -> float:
        """See `ForecastStep.step`."""
        row = len(history.buckets) - 1
        level = self._har.level(history)
        learnt = self._har.regressed(level[row - 1 : row], self._mean) if row else np.array([np.nan])
        parts = [] if self._table is None else [self._table.extend(history, level, row + 1)[0]]
        if self._given is not None:
            parts.append(self._given[row])
        fitted, smearing = self._state.step(float(learnt[0]), np.concatenate(parts) if parts else None)
        variance = self._har.back_transform(
            history, np.array([fitted]), np.array([smearing]), slice(row, row + 1)
        )
        return float(variance[0])


@dataclass(frozen=True)
class Blend:
    """The geometric mean of several forecasts: their errors of estimation partly cancel.

    Parameters
    ----------
    members : tuple of Har
    """

    members: tuple[Har, ...]

    @property
    def has_prior(self) -> bool:
        """Whether a member has one: it then stands alone until the others have forecasts, too."""
        return any(member.prior is not None for member in self.members)

    def forecast(self, history: VolHistory) -> FloatArray:
        """See `Forecaster.forecast`; without a prior NaN until every member has a forecast."""
        return _geometric_mean([member.forecast(history) for member in self.members], self.has_prior)

    def prior_share(self, history: VolHistory) -> FloatArray:
        """See `WithPrior.prior_share`."""
        runs = [member.run(history) for member in self.members]
        has_forecast = np.stack([np.isfinite(variance) for _, variance in runs])
        shares = np.stack([state.prior_share for state, _ in runs])
        return np.asarray((shares * has_forecast).sum(axis=0) / np.maximum(has_forecast.sum(axis=0), 1))

    def live(self, buckets: BucketFrame) -> "BlendStep":
        """See `LiveForecaster.live`."""
        return BlendStep([member.live(buckets) for member in self.members], self.has_prior)


class BlendStep:
    """The members of a blend between two buckets."""

    def __init__(self, members: Sequence[ForecastStep], has_prior: bool) -> None:
        self._members, self._has_prior = members, has_prior

    def step(self, history: VolHistory) -> float:
        """See `ForecastStep.step`."""
        said = [np.array([member.step(history)]) for member in self._members]
        return float(_geometric_mean(said, self._has_prior)[0])


def _geometric_mean(variances: Sequence[FloatArray], skips: bool) -> FloatArray:
    """Return the mean of all, NaN where one is missing; with `skips` of those that are not."""
    total, count = np.zeros_like(variances[0]), np.zeros(len(variances[0]))
    for variance in variances:
        known = np.isfinite(variance) if skips else np.ones(len(variance), dtype=np.bool_)
        total = total + np.where(known, np.log(np.where(known, variance, 1.0)), 0.0)
        count += known
    return np.asarray(np.exp(total / np.where(count > 0, count, np.nan)))


FULL = ("leverage", "leverage7", "recent", "slope0")
"""Columns of ``log-har-p-full``."""

WIDE = (*FULL, "level7", "level35", "volume", "volume7")
"""Columns of ``har-qlike`` and ``har-blend``."""

_LEVELS = Har(adjusted=False, is_log=False)
"""HAR on realized variance itself (Corsi 2009)."""

_WIDE_QLIKE = Har(columns=WIDE, fit="qlike")

HAR_SPECIFICATIONS: Final[Mapping[str, tuple[Har, ...]]] = {
    "har": (_LEVELS,),
    # on z = RV / diurnal
    "har-p": (Har(is_log=False),),
    # rows weighted by one over their squared level
    "har-wls": (replace(_LEVELS, fit="wls"),),
    # the first lag counts less where it was measured badly (HARQ)
    "harq": (replace(_LEVELS, columns=("quarticity",)),),
    # the first lag is split into semivariances (SHAR)
    "shar": (replace(_LEVELS, columns=("downside",)),),
    # the last bucket's jump (HAR-J); jump and continuous part apart at every lag but the month's (HAR-CJ)
    "har-j": (replace(_LEVELS, columns=("jump",)),),
    "har-cj": (replace(_LEVELS, columns=("jump", "jump7", "jump35")),),
    # on ln z; the default
    "log-har-p": (Har(),),
    "log-har-p-leverage": (Har(columns=("leverage",)),),
    "log-har-p-overnight": (Har(columns=("leverage", "overnight")),),
    # slopes of their own for the first two buckets of a session
    "log-har-p-slopes": (Har(columns=("leverage", "slope0", "slope1")),),
    # every column that pays on a tape of minutes
    "log-har-p-full": (Har(columns=FULL),),
    "log-har-p-events": (Har(columns=FULL),),
    "har-qlike": (_WIDE_QLIKE,),
    # the geometric mean of a least-squares and a QLIKE fit of the same columns
    "har-blend": (Har(columns=WIDE), _WIDE_QLIKE),
    "har-blend-events": (Har(columns=WIDE), _WIDE_QLIKE),
}
"""Every HAR by name: its regressions (several are blended). Windows and schedule come from the recipe."""

SCHEDULED: Final = ("log-har-p-events", "har-blend-events", "aggregate")
"""Those that take a schedule of events; without one they are the same as those without ``-events``."""

IN_LOGS: Final = (
    *(name for name, members in HAR_SPECIFICATIONS.items() if all(member.is_log for member in members)),
    "aggregate",
)
"""Those in logs: they take a series from outside, and a bound on outliers."""

WITH_PRIOR: Final = (
    *(name for name, members in HAR_SPECIFICATIONS.items() if any(member.takes_prior for member in members)),
    "aggregate",
)
"""Those that can be shrunk towards a prior: they, or some of those that they are made of."""


def build_har(
    name: str,
    window: int = WINDOW,
    min_window: int = MIN_WINDOW,
    schedule: Schedule | None = None,
    exogenous: ExogenousColumn | None = None,
    prior: Prior | None = None,
    outlier_bound: float | None = None,
) -> Har | Blend:
    """Return the HAR called `name`; schedule, series, prior and bound are for those that take them.

    With a prior the first forecast comes after three sessions, or after `min_window` where that is less.
    """
    events = schedule if name in SCHEDULED else None
    series, bound = (exogenous, outlier_bound) if name in IN_LOGS else (None, None)
    regressions = []
    for member in HAR_SPECIFICATIONS[name]:
        panel = prior if member.takes_prior else None
        begins = min_window if panel is None else min(min_window, WARM_UP)
        regressions.append(
            replace(
                member,
                window=window,
                min_window=begins,
                schedule=events,
                exogenous=series,
                prior=panel,
                outlier_bound=bound,
            )
        )
    return regressions[0] if len(regressions) == 1 else Blend(tuple(regressions))


for _name in HAR_SPECIFICATIONS:
    FORECASTERS.add(_name)(partial(build_har, _name))
