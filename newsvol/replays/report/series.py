"""Run tables cut down to what a page can draw: a point a session, or a point a bucket."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from newsvol.engine.arrays import NS_PER_MS, NS_PER_SECOND, BoolArray, FloatArray, IntArray
from newsvol.replays.runs.reader import Run

MAX_POINTS = 2_500
"""Points per line; a line of 1,100 pixels shows no more."""


@dataclass(frozen=True)
class Groups:
    """Consecutive rows that become one point: whole sessions, as many as keep the page light.

    Attributes
    ----------
    starts : IntArray, shape (G,)
        First row of each group.
    sessions : IntArray, shape (G,)
        Sessions in each group.
    """

    starts: IntArray
    sessions: IntArray
    rows: int

    @property
    def lasts(self) -> IntArray:
        """Last row of each group, shape (G,)."""
        return np.append(self.starts[1:], self.rows) - 1

    @property
    def size(self) -> int:
        """Sessions per point."""
        return int(self.sessions.max(initial=1))


def group_sessions(session: IntArray) -> Groups:
    """Group rows by session; by several sessions where there are more than `MAX_POINTS` of them.

    Parameters
    ----------
    session : IntArray, shape (K,)
        Session of each bucket, non-decreasing.
    """
    firsts = np.flatnonzero(np.diff(session, prepend=session[:1] - 1))
    step = -(-len(firsts) // MAX_POINTS) or 1
    starts = firsts[::step]
    sessions = np.diff(np.append(np.arange(len(firsts))[::step], len(firsts)))
    return Groups(starts, sessions, len(session))


def session_vol_pct(variance: FloatArray, groups: Groups, sessions_per_year: float) -> FloatArray:
    """Return the volatility of each group in percent per year, trading hours only, shape (G,).

    The bucket variances of a session are summed and scaled by the sessions of a year; NaN where a bucket has
    none.
    """
    if len(variance) == 0:
        return np.empty(0)
    per_session = np.add.reduceat(variance, groups.starts) / groups.sessions
    return np.asarray(100 * np.sqrt(per_session * sessions_per_year))


def without_gaps(values: FloatArray, empty: BoolArray) -> FloatArray:
    """Return `values` with NaN where `empty`: a line that is drawn of them breaks there."""
    return np.where(empty, np.nan, values)


def empty_groups(n_obs: FloatArray, groups: Groups) -> BoolArray:
    """Return the groups without a single bar, shape (G,)."""
    if len(n_obs) == 0:
        return np.zeros(0, dtype=np.bool_)
    return np.asarray(np.add.reduceat(n_obs, groups.starts) == 0)


def in_empty_sessions(session: IntArray, n_obs: FloatArray) -> BoolArray:
    """Return the buckets whose whole session has no bar, shape (K,)."""
    return np.asarray(np.bincount(session, n_obs)[session] == 0)


def bucket_vol_bps(variance: FloatArray) -> FloatArray:
    """Return the volatility of each bucket in basis points, not annualised."""
    return np.asarray(1e4 * np.sqrt(variance))


def group_mean(values: FloatArray, groups: Groups) -> FloatArray:
    """Return the mean of each group, shape (G,); NaN where one of its values is."""
    if len(values) == 0:
        return np.empty(0)
    return np.asarray(np.add.reduceat(values, groups.starts) / np.diff(np.append(groups.starts, groups.rows)))


def group_minimum(values: FloatArray, groups: Groups) -> FloatArray:
    """Return the least value of each group, shape (G,)."""
    return np.minimum.reduceat(values, groups.starts) if len(values) else np.empty(0)


def drawdown_pct(equity: FloatArray) -> FloatArray:
    """Return how far equity is below its highest value so far, in percent, never positive."""
    return np.asarray(100 * (equity / np.maximum.accumulate(equity) - 1))


def as_dates(stamp_ns: IntArray) -> list[int]:
    """Return stamps as the UTC milliseconds that a plotly date axis takes."""
    return [int(stamp) for stamp in (stamp_ns // NS_PER_MS).tolist()]


def as_labels(stamp_ns: IntArray) -> list[str]:
    """Return stamps as two lines: ``15 Dec 2023`` over ``20:30 UTC``."""
    moments = (datetime.fromtimestamp(stamp, UTC) for stamp in (stamp_ns // NS_PER_SECOND).tolist())
    return [f"{moment.day} {moment:%b %Y}<br>{moment:%H:%M} UTC" for moment in moments]


def as_numbers(values: FloatArray, digits: int = 2) -> list[float | None]:
    """Return rounded values; None where there is none, since JSON knows no NaN."""
    rounded = np.round(np.asarray(values, dtype=np.float64), digits)
    return [value if np.isfinite(value) else None for value in rounded.tolist()]


def columns(table: pa.Table) -> dict[str, Any]:
    """Return the columns of `table` as NumPy arrays, text as object arrays."""
    return {name: table.column(name).to_numpy() for name in table.column_names}


def run_columns(run: Run, name: str, wanted: list[str]) -> dict[str, Any]:
    """Read `wanted` columns of one table of `run`."""
    return columns(run.table(name, wanted))
