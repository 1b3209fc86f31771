"""HAR-RV forecasters: in levels, with the time of day taken out, in logs, with columns beside the lags."""

from dataclasses import dataclass, replace

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.signals.columns import MAY_BE_MISSING, ColumnInput, build_columns, require_columns
from newsvol.signals.har import Fit, HarConfig, HarState
from newsvol.signals.history import VolHistory
from newsvol.signals.protocol import FORECASTERS, Forecaster
from newsvol.signals.schedule import RIDGE, Schedule


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
    """

    window: int = 2500
    min_window: int = 500
    adjusted: bool = True
    is_log: bool = True
    columns: tuple[str, ...] = ()
    fit: Fit = "ols"
    schedule: Schedule | None = None

    def __post_init__(self) -> None:
        require_columns(self.columns)

    @property
    def extra_names(self) -> tuple[str, ...]:
        """Names of the columns that `extra` returns."""
        return self.columns + (self.schedule.column_names() if self.schedule is not None else ())

    def series(self, history: VolHistory) -> FloatArray:
        """Return what is regressed on its own past, shape (B,)."""
        level = self._level(history)
        # a bucket in which no price moved has no log; it counts as missing, not as minus infinity.
        return np.log(np.where(level > 0, level, np.nan)) if self.is_log else level

    def extra(self, history: VolHistory) -> FloatArray | None:
        """Return the columns beside the lags, shape (B, q), row b known before bucket b."""
        if not self.extra_names:
            return None
        parts = []
        if self.columns:
            given = ColumnInput(history, self.series(history), self._level(history))
            parts.append(build_columns(self.columns, given))
        if self.schedule is not None:
            parts.append(self.schedule.columns(history.buckets))
        return np.hstack(parts)

    def state(self, capacity: int) -> HarState:
        """Return an empty regression for `capacity` buckets."""
        config = HarConfig(self.window, self.min_window, self.is_log, fit=self.fit)
        events = len(self.extra_names) - len(self.columns)
        held = tuple(RIDGE if name in MAY_BE_MISSING else 0.0 for name in self.columns) + (RIDGE,) * events
        return HarState(config, capacity, self.extra_names, held)

    def back_transform(self, history: VolHistory, fitted: FloatArray, smearing: FloatArray) -> FloatArray:
        """Turn fitted values of the series into variances of the buckets."""
        level = np.exp(fitted) * smearing if self.is_log else fitted
        return history.to_bucket(level * history.diurnal if self.adjusted else level)

    def forecast(self, history: VolHistory) -> FloatArray:
        """See `Forecaster.forecast`."""
        return self.run(history)[1]

    def run(self, history: VolHistory) -> tuple[HarState, FloatArray]:
        """Return the regression after its last bucket beside the forecasts of all, shape (B,)."""
        state = self.state(len(history.buckets))
        fitted, smearing = state.run(self.series(history), self.extra(history))
        return state, self.back_transform(history, fitted, smearing)

    def with_schedule(self, schedule: Schedule) -> "Har":
        """Return the same regression with the dummies of `schedule`."""
        return replace(self, schedule=schedule)

    def _level(self, history: VolHistory) -> FloatArray:
        return history.z if self.adjusted else history.intensity


@dataclass(frozen=True)
class Blend:
    """The geometric mean of several forecasts: their errors of estimation partly cancel.

    Parameters
    ----------
    members : tuple of Har
    """

    members: tuple[Har, ...]

    def forecast(self, history: VolHistory) -> FloatArray:
        """See `Forecaster.forecast`; NaN until every member has a forecast."""
        logs = [np.log(member.forecast(history)) for member in self.members]
        return np.asarray(np.exp(np.mean(logs, axis=0)))

    def with_schedule(self, schedule: Schedule) -> "Blend":
        """Return the same blend, each member with the dummies of `schedule`."""
        return Blend(tuple(member.with_schedule(schedule) for member in self.members))


def regressions_of(forecaster: Forecaster) -> tuple[Har, ...]:
    """Return the regressions that a live system steps for `forecaster`: none where it has no live step."""
    if isinstance(forecaster, Blend):
        return forecaster.members
    return (forecaster,) if isinstance(forecaster, Har) else ()


FULL = ("leverage", "leverage7", "recent", "slope0")
"""Columns of ``log-har-p-full``."""

WIDE = (*FULL, "level7", "level35", "volume", "volume7")
"""Columns of ``har-qlike`` and ``har-blend``."""

SCHEDULED = ("log-har-p-events", "har-blend-events")
"""Forecasters that need a schedule."""


@FORECASTERS.add("har")
def har(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on realized variance (Corsi 2009)."""
    return Har(window, min_window, adjusted=False, is_log=False)


@FORECASTERS.add("har-p")
def har_p(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on z = RV / diurnal."""
    return Har(window, min_window, is_log=False)


@FORECASTERS.add("har-wls")
def har_wls(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on realized variance, rows weighted by one over their squared level."""
    return Har(window, min_window, adjusted=False, is_log=False, fit="wls")


@FORECASTERS.add("harq")
def harq(window: int = 2500, min_window: int = 500) -> Har:
    """HAR whose first lag counts less where it was measured badly (HARQ)."""
    return Har(window, min_window, adjusted=False, is_log=False, columns=("quarticity",))


@FORECASTERS.add("shar")
def shar(window: int = 2500, min_window: int = 500) -> Har:
    """HAR whose first lag is split into semivariances (SHAR)."""
    return Har(window, min_window, adjusted=False, is_log=False, columns=("downside",))


@FORECASTERS.add("har-j")
def har_j(window: int = 2500, min_window: int = 500) -> Har:
    """HAR with the last bucket's jump (HAR-J)."""
    return Har(window, min_window, adjusted=False, is_log=False, columns=("jump",))


@FORECASTERS.add("har-cj")
def har_cj(window: int = 2500, min_window: int = 500) -> Har:
    """HAR with jump and continuous part apart at every lag but the month's (HAR-CJ)."""
    return Har(window, min_window, adjusted=False, is_log=False, columns=("jump", "jump7", "jump35"))


@FORECASTERS.add("log-har-p")
def log_har_p(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on ln z; the default."""
    return Har(window, min_window)


@FORECASTERS.add("log-har-p-leverage")
def log_har_p_leverage(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on ln z with the leverage column."""
    return Har(window, min_window, columns=("leverage",))


@FORECASTERS.add("log-har-p-overnight")
def log_har_p_overnight(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on ln z with leverage and the night's return."""
    return Har(window, min_window, columns=("leverage", "overnight"))


@FORECASTERS.add("log-har-p-slopes")
def log_har_p_slopes(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on ln z with leverage and slopes of their own for the first two buckets of a session."""
    return Har(window, min_window, columns=("leverage", "slope0", "slope1"))


@FORECASTERS.add("log-har-p-full")
def log_har_p_full(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on ln z with every column that pays on a tape of minutes."""
    return Har(window, min_window, columns=FULL)


@FORECASTERS.add("log-har-p-events")
def log_har_p_events(window: int = 2500, min_window: int = 500, schedule: Schedule | None = None) -> Har:
    """``log-har-p-full`` with scheduled events; the same without a schedule."""
    return Har(window, min_window, columns=FULL, schedule=schedule)


@FORECASTERS.add("har-qlike")
def har_qlike(window: int = 2500, min_window: int = 500) -> Har:
    """HAR on ln z with all columns, fitted by QLIKE."""
    return Har(window, min_window, columns=WIDE, fit="qlike")


@FORECASTERS.add("har-blend")
def har_blend(window: int = 2500, min_window: int = 500) -> Blend:
    """The geometric mean of least squares and QLIKE fits of the same columns."""
    return Blend((Har(window, min_window, columns=WIDE), har_qlike(window, min_window)))


@FORECASTERS.add("har-blend-events")
def har_blend_events(window: int = 2500, min_window: int = 500, schedule: Schedule | None = None) -> Blend:
    """``har-blend`` with scheduled events; the same without a schedule."""
    blend = har_blend(window, min_window)
    return blend if schedule is None else blend.with_schedule(schedule)
