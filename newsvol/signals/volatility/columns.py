"""Columns that stand beside the lags of a HAR regression, by name.

Row b of each is known when bucket b begins. `DAY` counts buckets: seven make a session on the usual tape.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.signals.volatility.buckets import DAY, MONTH, WEEK
from newsvol.signals.volatility.columns_nb import above_usual_nb, bounded_nb
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.trailing import trailing_mean

BOUND = 10.0
"""`level` columns count a bucket within a tenth and ten times its trailing mean: a bad print is no level."""

FLOOR = 0.01
"""Ratios in logs are not read below a hundredth: of a move of zero there is no log."""

MAY_BE_MISSING = ("volume", "volume7")
"""Columns that some tapes have nothing for: their coefficients are then held at zero, not refused."""

VOLUME_HALF_LIFE_SESSIONS = 20.0
MAX_VOLUME_LOG = 1.5


@dataclass(frozen=True)
class ColumnInput:
    """What a column is built from.

    Attributes
    ----------
    history : VolHistory
    series : FloatArray, shape (B,)
        What is regressed: a variance per hour, with or without the time of day, or its log.
    level : FloatArray, shape (B,)
        The same, never in logs.
    """

    history: VolHistory
    series: FloatArray
    level: FloatArray


Builder = Callable[[ColumnInput], FloatArray]


def build_columns(names: Sequence[str], given: ColumnInput) -> FloatArray:
    """Return the columns called `names`, shape (B, q).

    Raises
    ------
    UnknownNameError
        With the nearest known name.
    """
    return np.column_stack([builder_of(name)(given) for name in names])


def builder_of(name: str) -> Builder:
    """Return the builder of a column; ``slopeK`` for any slot K."""
    if name.startswith("slope") and name[5:].isdigit():
        return lambda given: slope(given, int(name[5:]))
    if name not in COLUMNS:
        raise UnknownNameError("column", name, [*COLUMNS, "slope0"])
    return COLUMNS[name]


def leverage(given: ColumnInput) -> FloatArray:
    """max(-r / sqrt(RV), 0) of the bucket before: falling prices raise variance (Corsi and Reno 2012)."""
    return _before(np.maximum(-_standardised(given), 0.0))


def leverage_day(given: ColumnInput) -> FloatArray:
    """The same of the last seven buckets together: max(-sum r / sqrt(RV), 0) / sqrt(7)."""
    return _before(np.maximum(-_trailing_sum(_standardised(given), DAY), 0.0) / np.sqrt(DAY))


def recent(given: ColumnInput) -> FloatArray:
    """ln(recent_rv / rv) of the bucket before: was its end, the last twenty minutes, busier than the rest.

    A tape of hours has one bar there, whose body is set against its range.
    """
    measures = given.history.measures
    with np.errstate(invalid="ignore", divide="ignore"):
        return _before(np.log(np.clip(measures.recent_rv / measures.rv, FLOOR, 1 / FLOOR)))


def slope(given: ColumnInput, slot: int) -> FloatArray:
    """In slot K, ln(the last bucket's level / the week's mean level), both bounded; 0 in the others.

    The first bucket of a day follows a night: what the last bucket was says less than it does at noon.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.log(_known_before(_bounded(given)) / trailing_mean(_bounded(given), WEEK))
    return np.where((given.history.buckets.slot == slot) & np.isfinite(gap), gap, 0.0)


def overnight(given: ColumnInput) -> FloatArray:
    """ln(night's squared return / a usual session's variance), in a session from its second bucket on.

    The night's return ends in the session's first open, which is known when the first bar has ended: the
    first bucket has 0.
    """
    history = given.history
    usual = trailing_mean(history.measures.rv, MONTH) * max(history.buckets.n_slots, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.log(np.clip(history.overnight**2 / usual, FLOOR, 1 / FLOOR))
    return np.where(np.isfinite(ratio), ratio, 0.0)


def volume(given: ColumnInput) -> FloatArray:
    """ln(volume per minute / its usual value at that time of day) of the bucket before, within 1.5."""
    return _before(_volume_above_usual(given.history))


def volume_day(given: ColumnInput) -> FloatArray:
    """Mean of the same over the last seven buckets."""
    return _before(_trailing_sum(_volume_above_usual(given.history), DAY) / DAY)


def quarticity(given: ColumnInput) -> FloatArray:
    """sqrt(RQ) RV of the bucket before, as the series is scaled (Bollerslev, Patton and Quaedvlieg 2016)."""
    return _share(given, np.sqrt(given.history.measures.rq)) * _known_before(given.level)


def downside(given: ColumnInput) -> FloatArray:
    """RS- of the bucket before (Patton and Sheppard 2015); beside lag 1, which is RS+ + RS-, their SHAR."""
    return _share(given, given.history.measures.rs_down)


def jump(given: ColumnInput) -> FloatArray:
    """max(RV - BV, 0) of the bucket before (Andersen, Bollerslev and Diebold 2007, HAR-J)."""
    return _share(given, given.history.measures.jump)


def _mean_jump(buckets: int) -> Builder:
    def mean_jump(given: ColumnInput) -> FloatArray:
        """Mean jump of the last buckets. Beside the lag of the same length, C + J, it is HAR-CJ's pair."""
        with np.errstate(invalid="ignore", divide="ignore"):
            share = given.history.measures.jump / given.history.measures.rv
        return trailing_mean(np.where(given.level == 0, 0.0, share * given.level), buckets)

    return mean_jump


def _log_mean(buckets: int) -> Builder:
    def log_mean(given: ColumnInput) -> FloatArray:
        """ln of the mean level of the last buckets, each bounded: the mean that a mean of logs is not."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.log(_known_or_earlier(trailing_mean(_bounded(given), buckets)))

    return log_mean


COLUMNS: dict[str, Builder] = {
    "leverage": leverage,
    "leverage7": leverage_day,
    "recent": recent,
    "overnight": overnight,
    "volume": volume,
    "volume7": volume_day,
    "level7": _log_mean(DAY),
    "level35": _log_mean(WEEK),
    "quarticity": quarticity,
    "downside": downside,
    "jump": jump,
    "jump7": _mean_jump(DAY),
    "jump35": _mean_jump(WEEK),
}
"""By the name that coefficients and messages carry."""


def _before(values: FloatArray) -> FloatArray:
    """Shift by one row: what the bucket before said, 0 where it said nothing."""
    return np.concatenate([[0.0], np.where(np.isfinite(values), values, 0.0)[:-1]])[: len(values)]


def _known_before(values: FloatArray) -> FloatArray:
    """Shift by one row, an unknown value standing at the last known one; NaN before the first."""
    return np.concatenate([[np.nan], _known_or_earlier(values)[:-1]])[: len(values)]


def _known_or_earlier(values: FloatArray) -> FloatArray:
    rows = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(len(values)), -1))
    return np.where(rows >= 0, values[np.maximum(rows, 0)], np.nan)


def _share(given: ColumnInput, part: FloatArray) -> FloatArray:
    """Return part / RV of the bucket before, times its level."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(given.level == 0, 0.0, part / given.history.measures.rv)
    return _known_before(share * given.level)


def _bounded(given: ColumnInput) -> FloatArray:
    return np.asarray(bounded_nb(given.level, BOUND, float(WEEK)))


def _standardised(given: ColumnInput) -> FloatArray:
    measures = given.history.measures
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(measures.bucket_return / np.sqrt(measures.rv))


def _trailing_sum(values: FloatArray, buckets: int) -> FloatArray:
    """Return the sum of the last `buckets` values up to each row, missing ones counting nothing."""
    total = np.concatenate([[0.0], np.cumsum(np.where(np.isfinite(values), values, 0.0))])
    end = np.arange(1, len(values) + 1)
    return np.asarray(total[end] - total[np.maximum(end - buckets, 0)])


def _volume_above_usual(history: VolHistory) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        per_minute = np.log(history.measures.volume / history.minutes)
    slots = max(history.buckets.n_slots, 1)
    above = above_usual_nb(per_minute, history.buckets.slot, slots, VOLUME_HALF_LIFE_SESSIONS)
    return np.asarray(np.clip(above, -MAX_VOLUME_LOG, MAX_VOLUME_LOG))


def require_columns(names: Sequence[str]) -> None:
    """Raise InputError where a name is unknown or given twice."""
    for name in names:
        builder_of(name)
    if len(set(names)) < len(names):
        raise InputError(f"HAR columns {', '.join(names)}: one is named twice")
