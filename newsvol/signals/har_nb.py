"""Walk-forward HAR: one step, and the loop over steps.

The live path calls `har_step_nb` once per bucket, the columnar path calls it in a loop: the same code, so
the same bits. All state lives in arrays that the caller allocates (`har.HarState`), n buckets long.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from newsvol.engine.arrays import BoolArray, FloatArray, IntArray

START, VALID, OLDEST, SINCE_REBASE, FITTED, COLLINEAR = range(6)
"""Places in `marks`: first row with data, rows in the window, its oldest row, adds since the Gram matrix was
last rebuilt, whether a fit exists, and one plus the column found collinear."""

VALUE_SUM, VALUE_COUNT, ERROR_SUM, ERROR_COUNT, ERROR = range(5)
"""Columns of `sums`: running totals up to each row, and what the row before added to the errors."""

CANCELLED = 1e-6
"""A window's errors below this share of their running total are added up anew: one huge error that has left
the window has left its rounding in every total after it."""

SHRUNK = 0.01
"""Where a row that leaves takes all but this share of a column's sum of squares with it, the Gram matrix is
built anew: what is left is as small as the rounding of what was there."""


class HarArrays(NamedTuple):
    """Everything a step reads and writes; B buckets, p columns, q of them beside constant and lags.

    `x` (B,) the series; `extra` (B, q); `lags` (L,); `config` (4,): min_window, window, rebase_every, is_log;
    `sums` (B+1, 5); `rows` (B+1, p); `usable` (B+1,); `gram` (p, p+1): X'X beside X'y; `beta` (p,);
    `marks` (6,); `bounds` (2,): least and greatest target in the window; `forecast`, `smearing` (B,).
    """

    x: FloatArray
    extra: FloatArray
    lags: IntArray
    config: IntArray
    sums: FloatArray
    rows: FloatArray
    usable: BoolArray
    gram: FloatArray
    beta: FloatArray
    marks: IntArray
    bounds: FloatArray
    forecast: FloatArray
    smearing: FloatArray


TOLERANCE = 1e-10
"""A column whose scaled Cholesky pivot is below this is a combination of the columns before it."""


@njit(cache=True)
def solve_nb(gram: FloatArray, p: int, out: FloatArray) -> int:
    """Solve the normal equations in `gram` (p, p+1: X'X beside X'y) into `out` (p,).

    Scales the diagonal to one, so that units do not matter, then Cholesky. Returns -1, or the column
    that is collinear with those before it.
    """
    scale = np.empty(p)
    lower = np.empty((p, p))
    for j in range(p):
        if not gram[j, j] > 0.0:
            return j
        scale[j] = 1.0 / np.sqrt(gram[j, j])
    for j in range(p):
        for k in range(j + 1):
            total = gram[j, k] * scale[j] * scale[k]
            for m in range(k):
                total -= lower[j, m] * lower[k, m]
            if j == k:
                if total < TOLERANCE:
                    return j
                lower[j, j] = np.sqrt(total)
            else:
                lower[j, k] = total / lower[k, k]
    for j in range(p):
        total = gram[j, p] * scale[j]
        for m in range(j):
            total -= lower[j, m] * out[m]
        out[j] = total / lower[j, j]
    for j in range(p - 1, -1, -1):
        total = out[j]
        for m in range(j + 1, p):
            total -= lower[m, j] * out[m]
        out[j] = total / lower[j, j]
    for j in range(p):
        out[j] *= scale[j]
    return -1


@njit(cache=True)
def add_row_nb(gram: FloatArray, row: FloatArray, target: float, sign: float, p: int) -> None:
    """Add (sign 1) or remove (sign -1) one observation from the normal equations."""
    for j in range(p):
        for k in range(p):
            gram[j, k] += sign * row[j] * row[k]
        gram[j, p] += sign * row[j] * target


@njit(cache=True)
def _features_nb(b: int, s: HarArrays) -> bool:
    row, lags, sums, start = s.rows[b], s.lags, s.sums, s.marks[START]
    row[0] = 1.0
    known = True
    for j in range(len(lags) - 1, -1, -1):
        begin = b - lags[j]
        if begin < start:
            return False
        count = sums[b, VALUE_COUNT] - sums[begin, VALUE_COUNT]
        if count > 0.0:
            # one bucket back is read, not differenced: exact, and the most important column.
            row[1 + j] = s.x[b - 1] if lags[j] == 1 else (sums[b, VALUE_SUM] - sums[begin, VALUE_SUM]) / count
        elif j + 1 < len(lags):
            row[1 + j] = row[2 + j]  # nothing traded in the short window: the next longer mean stands in
        else:
            known = False
    for j in range(s.extra.shape[1]):
        row[1 + len(lags) + j] = s.extra[b, j]
        known = known and np.isfinite(s.extra[b, j])
    return known


@njit(cache=True)
def har_step_nb(b: int, s: HarArrays) -> None:
    """Forecast row `b` of the series from rows before it, into forecast[b] and smearing[b].

    Reads x[:b] and extra[:b + 1] only.
    """
    p = s.rows.shape[1]
    if b > 0:
        _learn_nb(b, s)
    s.usable[b] = s.marks[START] >= 0 and _features_nb(b, s)
    s.forecast[b] = np.nan
    s.smearing[b] = np.nan
    if not s.usable[b] or s.marks[VALID] < s.config[0]:
        return
    collinear = solve_nb(s.gram, p, s.beta)
    if collinear >= 0:
        s.marks[COLLINEAR] = collinear + 1
        return
    oldest, is_log = s.marks[OLDEST], s.config[3]
    if s.marks[FITTED] == 0:
        s.marks[FITTED] = 1
        if is_log:
            _seed_errors_nb(b, s)
    fitted = 0.0
    for j in range(p):
        fitted += s.rows[b, j] * s.beta[j]
    if fitted < s.bounds[0] or fitted > s.bounds[1]:
        # Bollerslev, Patton and Quaedvlieg (2016), "insanity filter".
        count = s.sums[b, VALUE_COUNT] - s.sums[oldest, VALUE_COUNT]
        fitted = (s.sums[b, VALUE_SUM] - s.sums[oldest, VALUE_SUM]) / count
    s.forecast[b] = fitted
    s.smearing[b] = 1.0
    if is_log:
        count = s.sums[b, ERROR_COUNT] - s.sums[oldest, ERROR_COUNT]
        if s.sums[b, ERROR_SUM] - s.sums[oldest, ERROR_SUM] < CANCELLED * s.sums[b, ERROR_SUM]:
            s.sums[oldest, ERROR_SUM] = 0.0
            for i in range(oldest + 1, b + 1):
                s.sums[i, ERROR_SUM] = s.sums[i - 1, ERROR_SUM] + s.sums[i, ERROR]
        s.smearing[b] = (s.sums[b, ERROR_SUM] - s.sums[oldest, ERROR_SUM]) / count


@njit(cache=True)
def _learn_nb(b: int, s: HarArrays) -> None:
    """Take in row b - 1, which has just ended: totals, the error of its forecast, the window."""
    value = s.x[b - 1]
    finite = np.isfinite(value)
    s.sums[b, VALUE_SUM] = s.sums[b - 1, VALUE_SUM] + (value if finite else 0.0)
    s.sums[b, VALUE_COUNT] = s.sums[b - 1, VALUE_COUNT] + (1.0 if finite else 0.0)
    error_known = finite and np.isfinite(s.forecast[b - 1])
    s.sums[b, ERROR] = np.exp(value - s.forecast[b - 1]) if error_known else 0.0
    s.sums[b, ERROR_SUM] = s.sums[b - 1, ERROR_SUM] + s.sums[b, ERROR]
    s.sums[b, ERROR_COUNT] = s.sums[b - 1, ERROR_COUNT] + (1.0 if error_known else 0.0)
    if finite and s.marks[START] < 0:
        s.marks[START] = b - 1
    s.usable[b - 1] = s.usable[b - 1] and finite
    if s.usable[b - 1]:
        _admit_nb(b - 1, s)


@njit(cache=True)
def _admit_nb(new: int, s: HarArrays) -> None:
    p = s.rows.shape[1]
    x, rows, usable, marks, bounds = s.x, s.rows, s.usable, s.marks, s.bounds
    if marks[VALID] == 0:
        marks[OLDEST] = new
    add_row_nb(s.gram, rows[new], x[new], 1.0, p)
    marks[VALID] += 1
    marks[SINCE_REBASE] += 1
    bounds[0] = min(bounds[0], x[new])
    bounds[1] = max(bounds[1], x[new])
    stale = False
    while marks[VALID] > s.config[1]:
        old = marks[OLDEST]
        for j in range(p):
            if s.gram[j, j] - rows[old, j] * rows[old, j] < SHRUNK * s.gram[j, j]:
                marks[SINCE_REBASE] = s.config[2]
        add_row_nb(s.gram, rows[old], x[old], -1.0, p)
        stale = stale or x[old] <= bounds[0] or x[old] >= bounds[1]
        marks[VALID] -= 1
        marks[OLDEST] = old + 1
        while not usable[marks[OLDEST]]:
            marks[OLDEST] += 1
    if marks[SINCE_REBASE] >= s.config[2]:
        # removing rows leaves rounding behind; building the sums anew now and then bounds it.
        s.gram[:] = 0.0
        for i in range(marks[OLDEST], new + 1):
            if usable[i]:
                add_row_nb(s.gram, rows[i], x[i], 1.0, p)
        marks[SINCE_REBASE] = 0
    if stale:
        bounds[0], bounds[1] = np.inf, -np.inf
        for i in range(marks[OLDEST], new + 1):
            if usable[i]:
                bounds[0] = min(bounds[0], x[i])
                bounds[1] = max(bounds[1], x[i])


@njit(cache=True)
def _seed_errors_nb(b: int, s: HarArrays) -> None:
    """Before the first forecast no error is out of sample: start smearing from the fit's residuals."""
    p = s.rows.shape[1]
    for i in range(s.marks[OLDEST], b):
        s.sums[i + 1, ERROR] = 0.0
        s.sums[i + 1, ERROR_COUNT] = s.sums[i, ERROR_COUNT]
        if s.usable[i]:
            fitted = 0.0
            for j in range(p):
                fitted += s.rows[i, j] * s.beta[j]
            s.sums[i + 1, ERROR] = np.exp(s.x[i] - fitted)
            s.sums[i + 1, ERROR_COUNT] += 1.0
        s.sums[i + 1, ERROR_SUM] = s.sums[i, ERROR_SUM] + s.sums[i + 1, ERROR]


@njit(cache=True)
def walk_forward_nb(s: HarArrays) -> None:
    """Step through every row of the series; see `har_step_nb`."""
    for b in range(len(s.x)):
        har_step_nb(b, s)
