"""HAR walked forward: refitted at every bucket, one bucket or the whole series at a time by the same step.

State lives in arrays that the caller allocates (`har.HarState`), n buckets long.
"""

from typing import NamedTuple

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray, IntArray
from newsvol.engine.kernel import kernel
from newsvol.signals.volatility.normal_equations_nb import add_row_nb, solve_nb, swap_row_nb

START, VALID, OLDEST, SINCE_REBASE, FITTED, COLLINEAR, NEEDED = range(7)
"""Places in `marks`: first row with data, rows in the window, its oldest row, adds since the Gram matrix was
last rebuilt, whether a fit exists, one plus the column found collinear, the first that may be empty."""

VALUE_SUM, VALUE_COUNT, ERROR_SUM, ERROR_COUNT, ERROR = range(5)
"""Columns of `sums`: running totals up to each row, and what the row before added to the errors."""

MIN_WINDOW, WINDOW, REBASE_EVERY, IS_LOG, FIT = range(5)
"""Places in `config`."""

PRIOR_ROWS, SMEARING_ROWS, SMEARING_SUM = range(3)
"""Places in `believed`: rows and errors that the prior is worth, and the sum of those errors."""

OLS, WLS, QLIKE = range(3)
"""Values of `config[FIT]`; see `har.HarConfig`."""

CANCELLED = 1e-6
"""A window's errors below this share of their running total are added up anew: one huge error that has left
the window has left its rounding in every total after it."""

MAX_RATIO = 20.0
"""In a QLIKE fit a bucket counts at most as twenty times its forecast: a bad print must not bend the
coefficients."""

MAX_BEYOND = 2.0
"""With nothing but a prior, a forecast may lie so far beyond all that was seen, in logs; with more, by as
much less as the prior counts less."""

MAX_NEWTON_STEPS = 50
CONVERGED = 1e-20


class HarArrays(NamedTuple):
    """Everything a step reads and writes; B buckets, p columns, q of them beside constant and lags.

    `x` (B,) the series; `extra` (B, q); `lags` (L,); `config` (5,); `prior` (p, p+1) what
    `gram` begins with: rows of evidence for a zero coefficient on its diagonal, and those of a panel;
    `believed` (3,); `sums` (B+1, 5); `rows` (B+1, p); `usable` (B+1,); `gram` (p, p+1): X'X beside X'y;
    `work` (p+1, p) room for the solver; `beta` (p,); `marks` (7,); `bounds` (2,): least and greatest target
    in the window; `forecast`, `smearing`, `evidence` (B,): the last counts the rows that were fitted on.
    """

    x: FloatArray
    extra: FloatArray
    lags: IntArray
    config: IntArray
    prior: FloatArray
    believed: FloatArray
    sums: FloatArray
    rows: FloatArray
    usable: BoolArray
    gram: FloatArray
    work: FloatArray
    beta: FloatArray
    marks: IntArray
    bounds: FloatArray
    forecast: FloatArray
    smearing: FloatArray
    evidence: FloatArray


@kernel(error_model="numpy")
def walk_forward_nb(begin: int, end: int, s: HarArrays) -> None:
    """Forecast rows begin to end of the series, each from the rows before it, into `forecast`, `smearing`.

    Row b reads x[:b] and extra[:b + 1] only. Rows are taken in order, once: all of them, or one at a time.
    """
    # Handing all arrays on costs more than a refit: what runs at every row is spelled out here, and only
    # takes the arrays that it needs.
    (
        x, extra, lags, config, prior, believed, sums, rows, usable, gram, work, beta, marks, bounds,
        forecast, smearing, evidence,
    ) = s  # fmt: skip
    p, n_lags = rows.shape[1], len(lags)
    fit, is_log = config[FIT], config[IS_LOG] == 1
    smears = is_log and fit != QLIKE
    has_prior = believed[PRIOR_ROWS] > 0.0
    min_window, window, rebase_every = config[MIN_WINDOW], config[WINDOW], config[REBASE_EVERY]
    # what changes at every row stays out of memory until the end
    start, valid, oldest, since_rebase = marks[START], marks[VALID], marks[OLDEST], marks[SINCE_REBASE]
    least, greatest = bounds[0], bounds[1]
    for b in range(begin, end):
        if b > 0:
            # what has just ended: totals, the error of its forecast, the window
            value, new = x[b - 1], b - 1
            finite = np.isfinite(value)
            sums[b, VALUE_SUM] = sums[new, VALUE_SUM] + (value if finite else 0.0)
            sums[b, VALUE_COUNT] = sums[new, VALUE_COUNT] + (1.0 if finite else 0.0)
            if smears:
                error_known = finite and np.isfinite(forecast[new])
                sums[b, ERROR] = np.exp(value - forecast[new]) if error_known else 0.0
                sums[b, ERROR_SUM] = sums[new, ERROR_SUM] + sums[b, ERROR]
                sums[b, ERROR_COUNT] = sums[new, ERROR_COUNT] + (1.0 if error_known else 0.0)
            if finite and start < 0:
                start = new
            usable[new] = usable[new] and finite
            if usable[new]:
                if valid == 0:
                    oldest = new
                since_rebase += 1
                least = min(least, x[new])
                greatest = max(greatest, x[new])
                weight = _weight_nb(rows, new, n_lags, fit)
                if valid < window:
                    add_row_nb(gram, rows, new, x[new], weight)
                    valid += 1
                else:
                    old, old_weight = oldest, _weight_nb(rows, oldest, n_lags, fit)
                    if swap_row_nb(gram, rows, new, old, x[new], x[old], weight, old_weight):
                        since_rebase = rebase_every
                    oldest = old + 1
                    while not usable[oldest]:
                        oldest += 1
                    if x[old] <= least or x[old] >= greatest:
                        least, greatest = _find_bounds_nb(oldest, new, x, usable)
                if since_rebase >= rebase_every:
                    _rebuild_nb(oldest, new, x, rows, usable, gram, prior, n_lags, fit)
                    since_rebase = 0
                if fit == QLIKE and marks[FITTED] == 1:
                    score = _score_nb(new, x, rows, beta)
                    for j in range(p):
                        gram[j, p] = rows[new, j] * score
                    _move_nb(gram, work, beta, marks)
        # a prior was fitted on means of what there was: with one, the month need not be whole
        known = start >= 0 and b - (1 if has_prior else lags[n_lags - 1]) >= start
        rows[b, 0] = 1.0
        for j in range(n_lags - 1, -1, -1):
            if not known:
                break
            since = max(b - lags[j], 0)
            count = sums[b, VALUE_COUNT] - sums[since, VALUE_COUNT]
            if count > 0.0:
                # one bucket back is read, not differenced: exact, and the most important column.
                rows[b, 1 + j] = (
                    x[b - 1] if lags[j] == 1 else (sums[b, VALUE_SUM] - sums[since, VALUE_SUM]) / count
                )
            elif j + 1 < n_lags:
                rows[b, 1 + j] = rows[b, 2 + j]  # nothing traded lately: the next longer mean stands in
            else:
                known = False
        for j in range(extra.shape[1]):
            rows[b, 1 + n_lags + j] = extra[b, j]
            known = known and np.isfinite(extra[b, j])
        usable[b] = known
        forecast[b] = np.nan
        smearing[b] = np.nan
        evidence[b] = valid
        if not known or valid < min_window:
            continue
        if fit != QLIKE or marks[FITTED] == 0:
            collinear = solve_nb(gram, p, marks[NEEDED], work, beta)
            if collinear >= 0:
                marks[COLLINEAR] = collinear + 1
                continue
        if marks[FITTED] == 0:
            marks[FITTED] = 1
            if smears:
                _seed_errors_nb(oldest, b, x, rows, usable, beta, sums)
            if fit == QLIKE:
                _first_qlike_fit_nb(oldest, b, x, rows, usable, gram, work, beta, marks)
        fitted = _fitted_nb(b, rows, beta)
        beyond = MAX_BEYOND * believed[PRIOR_ROWS] / (believed[PRIOR_ROWS] + valid)
        if fitted < least - beyond or fitted > greatest + beyond:
            if fit == QLIKE or has_prior:
                # the mean of the logs is no mean of the levels, which is what the first forecasts; and of a
                # few days' mean the second knows more
                fitted = min(max(fitted, least - beyond), greatest + beyond)
            else:
                # Bollerslev, Patton and Quaedvlieg (2016), "insanity filter".
                count = sums[b, VALUE_COUNT] - sums[oldest, VALUE_COUNT]
                fitted = (sums[b, VALUE_SUM] - sums[oldest, VALUE_SUM]) / count
        forecast[b] = fitted
        smearing[b] = 1.0
        if smears:
            if sums[b, ERROR_SUM] - sums[oldest, ERROR_SUM] < CANCELLED * sums[b, ERROR_SUM]:
                sums[oldest, ERROR_SUM] = 0.0
                for i in range(oldest + 1, b + 1):
                    sums[i, ERROR_SUM] = sums[i - 1, ERROR_SUM] + sums[i, ERROR]
            count = sums[b, ERROR_COUNT] - sums[oldest, ERROR_COUNT]
            total = sums[b, ERROR_SUM] - sums[oldest, ERROR_SUM]
            smearing[b] = (believed[SMEARING_SUM] + total) / (believed[SMEARING_ROWS] + count)
    marks[START], marks[VALID], marks[OLDEST], marks[SINCE_REBASE] = start, valid, oldest, since_rebase
    bounds[0], bounds[1] = least, greatest


@kernel(error_model="numpy")
def _fitted_nb(i: int, rows: FloatArray, beta: FloatArray) -> float:
    fitted = 0.0
    for j in range(rows.shape[1]):
        fitted += rows[i, j] * beta[j]
    return fitted


@kernel(error_model="numpy")
def _weight_nb(rows: FloatArray, i: int, n_lags: int, fit: int) -> float:
    """Return the row's weight: one, or under WLS one over the squared mean of its lagged levels."""
    if fit != WLS:
        return 1.0
    level = 0.0
    for j in range(n_lags):
        level += rows[i, 1 + j]
    level /= n_lags
    return 1.0 / (level * level) if level > 0.0 else 0.0


@kernel(error_model="numpy")
def _rebuild_nb(
    oldest: int,
    new: int,
    x: FloatArray,
    rows: FloatArray,
    usable: BoolArray,
    gram: FloatArray,
    prior: FloatArray,
    n_lags: int,
    fit: int,
) -> None:
    """Add the window's rows up anew: removing rows leaves rounding behind, and this bounds it."""
    gram[:] = prior
    for i in range(oldest, new + 1):
        if usable[i]:
            add_row_nb(gram, rows, i, x[i], _weight_nb(rows, i, n_lags, fit))


@kernel(error_model="numpy")
def _find_bounds_nb(oldest: int, new: int, x: FloatArray, usable: BoolArray) -> tuple[float, float]:
    """Return the least and the greatest target of the window."""
    least, greatest = np.inf, -np.inf
    for i in range(oldest, new + 1):
        if usable[i]:
            least = min(least, x[i])
            greatest = max(greatest, x[i])
    return least, greatest


@kernel(error_model="numpy")
def _seed_errors_nb(
    oldest: int,
    b: int,
    x: FloatArray,
    rows: FloatArray,
    usable: BoolArray,
    beta: FloatArray,
    sums: FloatArray,
) -> None:
    """Before the first forecast no error is out of sample: start smearing from the fit's residuals."""
    for i in range(oldest, b):
        sums[i + 1, ERROR] = 0.0
        sums[i + 1, ERROR_COUNT] = sums[i, ERROR_COUNT]
        if usable[i]:
            sums[i + 1, ERROR] = np.exp(x[i] - _fitted_nb(i, rows, beta))
            sums[i + 1, ERROR_COUNT] += 1.0
        sums[i + 1, ERROR_SUM] = sums[i, ERROR_SUM] + sums[i + 1, ERROR]


@kernel(error_model="numpy")
def _score_nb(i: int, x: FloatArray, rows: FloatArray, beta: FloatArray) -> float:
    """Return minus the slope of row i's QLIKE in its log forecast: RV/f - 1, the ratio bounded."""
    ratio: float = np.exp(x[i] - _fitted_nb(i, rows, beta))
    return min(ratio, MAX_RATIO) - 1.0


@kernel(error_model="numpy")
def _first_qlike_fit_nb(
    oldest: int,
    b: int,
    x: FloatArray,
    rows: FloatArray,
    usable: BoolArray,
    gram: FloatArray,
    work: FloatArray,
    beta: FloatArray,
    marks: IntArray,
) -> None:
    """Newton's method on the window's QLIKE, from the least-squares fit in `beta`."""
    p = rows.shape[1]
    for _ in range(MAX_NEWTON_STEPS):
        gram[:, p] = 0.0
        for i in range(oldest, b):
            if usable[i]:
                score = _score_nb(i, x, rows, beta)
                for j in range(p):
                    gram[j, p] += rows[i, j] * score
        if _move_nb(gram, work, beta, marks) < CONVERGED:
            return


@kernel(error_model="numpy")
def _move_nb(gram: FloatArray, work: FloatArray, beta: FloatArray, marks: IntArray) -> float:
    """Add the solution of X'X step = score to `beta`; return how much the loss expects to gain from it.

    X'X is the expected curvature of QLIKE in the coefficients, so this is a scoring step.
    """
    p = len(beta)
    step = work[p]
    collinear = solve_nb(gram, p, marks[NEEDED], work, step)
    if collinear >= 0:
        marks[COLLINEAR] = collinear + 1
        return 0.0
    gain = 0.0
    for j in range(p):
        beta[j] += step[j]
        gain += step[j] * gram[j, p]
    return gain
