"""Priors are fitted here: several tapes pooled in one regression, and their curves in one curve."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.diurnal import CAP
from newsvol.signals.volatility.har_specifications import WIDE, Har
from newsvol.signals.volatility.history import measure_history
from newsvol.signals.volatility.prior import (
    PIECES,
    WARM_UP,
    Member,
    Prior,
    least_squares,
    overlaps,
    session_minutes,
)
from newsvol.signals.volatility.schedule import Schedule

COLUMNS: Final = (*WIDE, "slope1", "overnight")
"""Every column of the regressions in logs."""

MIN_ROWS: Final = 8
"""Rows a column: the coefficients of fewer are noise, and would count as fifty rows of a tape's own."""

MAX_ERROR_RATIO: Final = 20.0
"""A bucket of the panel counts at most as twenty times its forecast in the smearing factor."""


@dataclass(frozen=True)
class PanelTape:
    """A tape that a prior is fitted on, up to the last day that it may know; `days` are the exchange's."""

    symbol: str
    days: tuple[date, date]
    tape_hash: str
    bars: BarFrame
    sessions: SessionFrame


def fit_prior(tapes: Sequence[PanelTape], schedule: Schedule | None = None) -> Prior:
    """Return what `tapes` say together.

    The rows are those that a tape would be fitted on with the prior: means of what there is, the time of day
    shrunk towards the panel's, floors under levels. Levels differ between instruments and are pooled as they
    are: between levels as far apart as those, the coefficients of the lags add up to about one.

    Parameters
    ----------
    schedule : Schedule, optional
        Of the events whose effect is to be learnt.

    Raises
    ------
    InputError
        There is no tape, none has a whole session, or their sessions are not equally long.
    """
    if not tapes:
        raise InputError("a prior needs a tape to be fitted on")
    histories = [measure_history(tape.bars, tape.sessions) for tape in tapes]
    members = []
    for tape, history in zip(tapes, histories, strict=True):
        if len(history.buckets) == 0:
            raise InputError(f"the tape of {tape.symbol} has no sessions to fit a prior on")
        minutes = session_minutes(history.buckets)
        members.append(Member(tape.symbol, len(tape.sessions), *tape.days, minutes, tape.tape_hash))
    if len({one.minutes for one in members}) > 1:
        told = ", ".join(f"{one.symbol} of {one.minutes} minutes" for one in members)
        raise InputError(f"the sessions of a panel must be equally long, and there are {told}")
    if len({one.tape_hash for one in members}) < len(members):
        raise InputError("the panel has a tape twice; name each once")
    curve = panel_curve([(history.intensity, history.buckets) for history in histories])
    shares = [history.night_share[-1] for history in histories]
    night_share = float(np.nanmean(shares)) if np.isfinite(shares).any() else 0.0
    blank = Prior(tuple(members), (), np.zeros((0, 1)), 1.0, curve, night_share)
    rows: list[FloatArray] = []
    columns: tuple[str, ...] = ()
    for tape in tapes:
        history = measure_history(tape.bars, tape.sessions, blank)
        # a window that is never full: rows are made, and nothing is fitted
        never = len(history.buckets) + len(COLUMNS) + 10
        state, _ = Har(never, never, columns=COLUMNS, schedule=schedule, prior=blank).run(history)
        columns = state.columns
        rows.append(state.fitted_rows()[WARM_UP:])
    moments, smearing = pool(rows)
    return Prior(tuple(members), columns, moments, smearing, curve, night_share)


def panel_curve(members: Sequence[tuple[FloatArray, BucketFrame]]) -> FloatArray:
    """Return the mean curve of all whole sessions, shape (PIECES,), mean one.

    Each session counts as in `diurnal.diurnal_curve`: a bucket at most `CAP` times the session's mean.

    Parameters
    ----------
    members : sequence of (intensity, buckets)
        Variance per hour, shape (B,).

    Raises
    ------
    InputError
        There is no whole session.
    """
    total = np.zeros(PIECES)
    for intensity, buckets in members:
        whole = _whole_sessions(buckets, intensity)
        if len(whole) == 0:
            continue
        ratio = np.minimum(intensity[whole] / intensity[whole].mean(axis=1, keepdims=True), CAP)
        overlap = overlaps(buckets, whole[0])
        # a part of a session has what the buckets that it lies in have, each by its share
        total += (overlap / overlap.sum(axis=0)).T @ ratio.sum(axis=0)
    if not total.any():
        raise InputError("the panel has no whole session, so there is no time of day to learn")
    return np.asarray(total / total.mean())


def pool(rows: Sequence[FloatArray]) -> tuple[FloatArray, float]:
    """Return the moments, shape (p, p + 1), and the smearing factor of the pooled rows.

    Parameters
    ----------
    rows : sequence of FloatArray, shape (n, p + 1)
        Columns beside the target.

    Raises
    ------
    InputError
        There are fewer than `MIN_ROWS` rows a column.
    """
    table = np.concatenate(rows)
    p = table.shape[1] - 1
    if len(table) < MIN_ROWS * p:
        raise InputError(
            f"the panel has {len(table)} rows for {p} columns, and a prior needs {MIN_ROWS} rows a column; "
            "give longer tapes, or more"
        )
    moments = table[:, :p].T @ table / len(table)
    errors = table[:, p] - table[:, :p] @ least_squares(moments[:, :p], moments[:, p])
    return np.asarray(moments), float(np.minimum(np.exp(errors), MAX_ERROR_RATIO).mean())


def _whole_sessions(buckets: BucketFrame, intensity: FloatArray) -> IntArray:
    """Return the rows of each session that has every slot, and moved in all, shape (S, slots)."""
    last = np.flatnonzero(buckets.slot == buckets.n_slots - 1)
    rows = last[:, None] + np.arange(1 - buckets.n_slots, 1)
    return np.asarray(rows[(intensity[rows] > 0).all(axis=1)])
