"""Columns that stand beside the lags of a HAR regression, by name.

Row b of each is known when bucket b begins. `DAY` counts buckets: seven make a session on the usual tape.
A column is built over a whole history at once or bucket by bucket, by the same code and to the same bits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.signals.volatility.buckets import DAY, MONTH, WEEK
from newsvol.signals.volatility.columns_nb import above_usual_nb, bounded_nb
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.trailing import LastKnown, Totals

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
    """What some rows of a column are built from.

    Attributes
    ----------
    history : VolHistory
        Measured up to row ``end - 2`` at least; of row ``end - 1`` only what the calendar says is read.
    level : FloatArray, shape (B,)
        What is regressed, never in logs: a variance per hour, with or without the time of day.
    begin, end : int
        The rows that are built; those before were built by the calls before.
    """

    history: VolHistory
    level: FloatArray
    begin: int
    end: int

    @property
    def ended(self) -> slice:
        """Rows of the buckets that have ended since the rows before were built."""
        return slice(max(self.begin - 1, 0), self.end - 1)

    @property
    def rows(self) -> slice:
        """Rows that are built."""
        return slice(self.begin, self.end)


Column = Callable[[ColumnInput], FloatArray]
"""Gives the rows of a column, shape (end - begin,); called with one stretch of rows after the other."""

Builder = Callable[[int, int], Column]
"""Gives an empty column for a number of buckets, and of slots in a session."""


class ColumnTable:
    """The columns called `names`, as they grow.

    Parameters
    ----------
    names : sequence of str
    capacity, n_slots : int
        Buckets that they can hold, and buckets in a full session.

    Raises
    ------
    UnknownNameError
        With the nearest known name.
    """

    def __init__(self, names: Sequence[str], capacity: int, n_slots: int) -> None:
        self._columns = [builder_of(name)(capacity, max(n_slots, 1)) for name in names]
        self._rows = 0

    def extend(self, history: VolHistory, level: FloatArray, end: int) -> FloatArray:
        """Return the columns of the rows from where the last call ended to `end`, shape (rows, q)."""
        given = ColumnInput(history, level, self._rows, end)
        self._rows = end
        return np.column_stack([column(given) for column in self._columns])


def builder_of(name: str) -> Builder:
    """Return the builder of a column; ``slopeK`` for any slot K."""
    if name.startswith("slope") and name[5:].isdigit():
        return partial(_Slope, int(name[5:]))
    if name not in COLUMNS:
        raise UnknownNameError("column", name, [*COLUMNS, "slope0"])
    return COLUMNS[name]


def _stateless(column: Column) -> Builder:
    return lambda _capacity, _n_slots: column


def leverage(given: ColumnInput) -> FloatArray:
    """max(-r / sqrt(RV), 0) of the bucket before: falling prices raise variance (Corsi and Reno 2012)."""
    return _before(given, np.maximum(-_standardised(given), 0.0))


def recent(given: ColumnInput) -> FloatArray:
    """ln(recent_rv / rv) of the bucket before: was its end, the last twenty minutes, busier than the rest.

    A tape of hours has one bar there, whose body is set against its range.
    """
    measures, ended = given.history.measures, given.ended
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.clip(measures.recent_rv[ended] / measures.rv[ended], FLOOR, 1 / FLOOR)
        return _before(given, np.log(ratio))


class _LeverageDay:
    """Leverage of the last seven buckets together: max(-sum r / sqrt(RV), 0) / sqrt(7)."""

    def __init__(self, capacity: int, _n_slots: int) -> None:
        self._returns = Totals(capacity)

    def __call__(self, given: ColumnInput) -> FloatArray:
        self._returns.add(_standardised(given))
        total = self._returns.sums(DAY, given.begin, given.end)
        return np.asarray(np.maximum(-total, 0.0) / np.sqrt(DAY))


class _Slope:
    """In slot K, ln(the last bucket's level / the week's mean level), both bounded; 0 in the others.

    The first bucket of a day follows a night: what the last bucket was says less than it does at noon.
    """

    def __init__(self, slot: int, capacity: int, _n_slots: int) -> None:
        self._slot = slot
        self._bounded, self._last, self._week = _Bounded(), LastKnown(), Totals(capacity)

    def __call__(self, given: ColumnInput) -> FloatArray:
        level = self._bounded.extend(given)
        self._week.add(level)
        last = _shifted(given, self._last.fill(level), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = np.log(last / self._week.means(WEEK, given.begin, given.end))
        here = given.history.buckets.slot[given.rows] == self._slot
        return np.where(here & np.isfinite(gap), gap, 0.0)


class _Overnight:
    """ln(night's squared return / a usual session's variance), in a session from its second bucket on.

    The night's return ends in the session's first open, which is known when the first bar has ended: the
    first bucket has 0.
    """

    def __init__(self, capacity: int, n_slots: int) -> None:
        self._variance, self._n_slots = Totals(capacity), n_slots

    def __call__(self, given: ColumnInput) -> FloatArray:
        self._variance.add(given.history.measures.rv[given.ended])
        usual = self._variance.means(MONTH, given.begin, given.end) * self._n_slots
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.clip(given.history.overnight[given.rows] ** 2 / usual, FLOOR, 1 / FLOOR)
            ratio = np.log(ratio)
        return np.where(np.isfinite(ratio), ratio, 0.0)


class _Volume:
    """ln(volume per minute / its usual value at that time of day) of the bucket before, within 1.5."""

    def __init__(self, _capacity: int, n_slots: int) -> None:
        self._above_usual = _VolumeAboveUsual(n_slots)

    def __call__(self, given: ColumnInput) -> FloatArray:
        return _before(given, self._above_usual.extend(given))


class _VolumeDay:
    """Mean of the same over the last seven buckets."""

    def __init__(self, capacity: int, n_slots: int) -> None:
        self._above_usual, self._day = _VolumeAboveUsual(n_slots), Totals(capacity)

    def __call__(self, given: ColumnInput) -> FloatArray:
        self._day.add(self._above_usual.extend(given))
        return self._day.sums(DAY, given.begin, given.end) / DAY


class _Quarticity:
    """sqrt(RQ) RV of the bucket before, as the series is scaled (Bollerslev, Patton and Quaedvlieg 2016)."""

    def __init__(self, _capacity: int, _n_slots: int) -> None:
        self._scaled, self._level = LastKnown(), LastKnown()

    def __call__(self, given: ColumnInput) -> FloatArray:
        scaled = self._scaled.fill(_share(given, np.sqrt(given.history.measures.rq[given.ended])))
        level = self._level.fill(given.level[given.ended])
        return _shifted(given, scaled, np.nan) * _shifted(given, level, np.nan)


class _Part:
    """A part of RV of the bucket before, as the series is scaled."""

    def __init__(self, part: Column) -> None:
        self._part, self._last = part, LastKnown()

    def __call__(self, given: ColumnInput) -> FloatArray:
        return _shifted(given, self._last.fill(_share(given, self._part(given))), np.nan)


class _MeanJump:
    """Mean jump of the last buckets. Beside the lag of the same length, C + J, it is HAR-CJ's pair."""

    def __init__(self, buckets: int, capacity: int, _n_slots: int) -> None:
        self._buckets, self._jumps = buckets, Totals(capacity)

    def __call__(self, given: ColumnInput) -> FloatArray:
        self._jumps.add(_share(given, _jumps(given)))
        return self._jumps.means(self._buckets, given.begin, given.end)


class _LogMean:
    """ln of the mean level of the last buckets, each bounded: the mean that a mean of logs is not."""

    def __init__(self, buckets: int, capacity: int, _n_slots: int) -> None:
        self._buckets, self._bounded = buckets, _Bounded()
        self._level, self._last = Totals(capacity), LastKnown()

    def __call__(self, given: ColumnInput) -> FloatArray:
        self._level.add(self._bounded.extend(given))
        mean = self._last.fill(self._level.means(self._buckets, given.begin, given.end))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.log(mean))


def _falls(given: ColumnInput) -> FloatArray:
    return given.history.measures.rs_down[given.ended]


def _jumps(given: ColumnInput) -> FloatArray:
    if given.history.proxy == "gk":
        raise InputError("HAR column 'jump' needs several bars in a bucket, and a bucket of this tape is one")
    measures, ended = given.history.measures, given.ended
    return np.asarray(np.maximum(measures.rv[ended] - measures.bv[ended], 0.0))


COLUMNS: dict[str, Builder] = {
    "leverage": _stateless(leverage),
    "leverage7": _LeverageDay,
    "recent": _stateless(recent),
    "overnight": _Overnight,
    "volume": _Volume,
    "volume7": _VolumeDay,
    "level7": partial(_LogMean, DAY),
    "level35": partial(_LogMean, WEEK),
    "quarticity": _Quarticity,
    # Patton and Sheppard (2015): beside lag 1, which is RS+ + RS-, their SHAR
    "downside": lambda _capacity, _n_slots: _Part(_falls),
    # Andersen, Bollerslev and Diebold (2007), HAR-J: max(RV - BV, 0)
    "jump": lambda _capacity, _n_slots: _Part(_jumps),
    "jump7": partial(_MeanJump, DAY),
    "jump35": partial(_MeanJump, WEEK),
}
"""By the name that coefficients and messages carry."""


class _Bounded:
    """The level, each bucket within `BOUND` of its own trailing mean."""

    def __init__(self) -> None:
        self._mean = np.full(1, np.nan)

    def extend(self, given: ColumnInput) -> FloatArray:
        return np.asarray(bounded_nb(given.level[given.ended], BOUND, float(WEEK), self._mean))


class _VolumeAboveUsual:
    """ln volume per minute, less its trailing mean at that time of day."""

    def __init__(self, n_slots: int) -> None:
        self._total, self._weight = np.zeros(n_slots), np.zeros(n_slots)

    def extend(self, given: ColumnInput) -> FloatArray:
        history, ended = given.history, given.ended
        with np.errstate(invalid="ignore", divide="ignore"):
            per_minute = np.log(history.measures.volume[ended] / history.minutes[ended])
        slot = history.buckets.slot[ended]
        above = above_usual_nb(per_minute, slot, VOLUME_HALF_LIFE_SESSIONS, self._total, self._weight)
        return np.asarray(np.clip(above, -MAX_VOLUME_LOG, MAX_VOLUME_LOG))


def _shifted(given: ColumnInput, ended: FloatArray, first: float) -> FloatArray:
    """Give the rows that are built what the bucket before each said; `first` where there is none."""
    return np.concatenate([[first], ended])[: given.end] if given.begin == 0 else ended


def _before(given: ColumnInput, ended: FloatArray) -> FloatArray:
    """Shift, 0 where the bucket before said nothing."""
    return _shifted(given, np.where(np.isfinite(ended), ended, 0.0), 0.0)


def _share(given: ColumnInput, part: FloatArray) -> FloatArray:
    """Return part / RV of the ended buckets, times their level."""
    level = given.level[given.ended]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(level == 0, 0.0, part / given.history.measures.rv[given.ended])
    return np.asarray(share * level)


def _standardised(given: ColumnInput) -> FloatArray:
    measures, ended = given.history.measures, given.ended
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(measures.bucket_return[ended] / np.sqrt(measures.rv[ended]))


def require_columns(names: Sequence[str]) -> None:
    """Raise InputError where a name is unknown or given twice."""
    for name in names:
        builder_of(name)
    if len(set(names)) < len(names):
        raise InputError(f"HAR columns {', '.join(names)}: one is named twice")
