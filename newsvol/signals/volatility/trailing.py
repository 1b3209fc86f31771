"""Means, sums and last values of what came before, for whole columns and for a column that grows."""

import numpy as np

from newsvol.engine.arrays import FloatArray


class Totals:
    """Running totals of a column that is added to at its end; missing values count nothing.

    A total is added up value by value from the first one on, so that it is the same to the bit whether the
    column came at once or one row at a time.

    Parameters
    ----------
    capacity : int
        Rows it can hold.
    """

    def __init__(self, capacity: int) -> None:
        self._total = np.zeros(capacity + 1)
        self._count = np.zeros(capacity + 1)
        self._rows = 0

    def add(self, values: FloatArray) -> None:
        """Put `values` after those that are there."""
        begin, end = self._rows, self._rows + len(values)
        known = np.isfinite(values)
        self._total[begin + 1 : end + 1] = np.where(known, values, 0.0)
        self._count[begin + 1 : end + 1] = known
        for running in (self._total, self._count):
            np.cumsum(running[begin : end + 1], out=running[begin : end + 1])
        self._rows = end

    def sums(self, rows: int, begin: int, end: int) -> FloatArray:
        """Return, for each row from `begin` to `end`, the sum of the `rows` values before it."""
        last, first = self._edges(rows, begin, end)
        return np.asarray(self._total[last] - self._total[first])

    def means(self, rows: int, begin: int, end: int, least: float = 1.0) -> FloatArray:
        """Return the mean of the finite ones among them, NaN where there are fewer than `least`."""
        last, first = self._edges(rows, begin, end)
        seen = self._count[last] - self._count[first]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(seen >= least, (self._total[last] - self._total[first]) / seen, np.nan)

    def _edges(self, rows: int, begin: int, end: int) -> tuple[slice, slice | FloatArray]:
        assert end <= self._rows + 1, "a row reads values that are not there yet"
        if begin >= rows:
            return slice(begin, end), slice(begin - rows, end - rows)
        return slice(begin, end), np.maximum(np.arange(begin, end) - rows, 0)


class LastKnown:
    """The last finite value of a column that is added to at its end."""

    def __init__(self) -> None:
        self._last = np.nan

    def fill(self, values: FloatArray) -> FloatArray:
        """Return `values`, each that is missing standing at the last finite one before it."""
        known = np.isfinite(values)
        latest = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
        filled = np.where(latest >= 0, values[np.maximum(latest, 0)], self._last)
        if len(filled):
            self._last = float(filled[-1])
        return filled


def trailing_mean(values: FloatArray, rows: int, least: float = 1.0) -> FloatArray:
    """Return the mean of the finite values among the `rows` rows before each row, shape of `values`.

    Causal: a row's own value is not in its mean.

    Parameters
    ----------
    least : float
        NaN where fewer finite values than this are among them.
    """
    totals = Totals(len(values))
    totals.add(values)
    return totals.means(rows, 0, len(values), least)
