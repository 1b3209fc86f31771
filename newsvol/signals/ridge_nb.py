"""Ridge regression walked forward, its coefficients refitted at every row."""

from typing import NamedTuple

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.kernel import kernel

CANCELLED = 1e-6
"""A sum of squares that has fallen to this share of its peak is built anew: what it lost left rounding
behind, which a channel gone silent would pass off as evidence."""


@kernel
def _count_row_nb(
    row: FloatArray, target: float, sign: float, sum_x: FloatArray, sum_xx: FloatArray, sum_xy: FloatArray
) -> None:
    """Add (sign 1) or remove (sign -1) a row from the sums; `sum_xx` in its lower triangle."""
    for i in range(len(row)):
        sum_x[i] += sign * row[i]
        sum_xy[i] += sign * row[i] * target
        for j in range(i + 1):
            sum_xx[i, j] += sign * row[i] * row[j]


class RidgeArrays(NamedTuple):
    """What the walk fills and carries on; B rows, K columns.

    `beta`, `centre` (B, K) are its result. `kept` (B,) the rows with a target; `marks` (2,) how many they
    are, and the oldest in the window; `sum_x`, `sum_xy`, `peak` (K,); `sum_xx` (K, K); `sum_y` (1,).
    """

    beta: FloatArray
    centre: FloatArray
    kept: IntArray
    marks: IntArray
    sum_x: FloatArray
    sum_xx: FloatArray
    sum_xy: FloatArray
    sum_y: FloatArray
    peak: FloatArray


def empty_ridge(rows: int, columns: int) -> RidgeArrays:
    """Return the state before the first row."""
    return RidgeArrays(
        beta=np.zeros((rows, columns)),
        centre=np.zeros((rows, columns)),
        kept=np.empty(rows, dtype=np.int64),
        marks=np.zeros(2, dtype=np.int64),
        sum_x=np.zeros(columns),
        sum_xx=np.zeros((columns, columns)),
        sum_xy=np.zeros(columns),
        sum_y=np.zeros(1),
        peak=np.zeros(columns),
    )


@kernel
def ridge_walk_nb(
    begin: int,
    end: int,
    x: FloatArray,
    y: FloatArray,
    min_rows: int,
    window: int,
    ridge: float,
    s: RidgeArrays,
) -> None:
    """Fill rows begin to end of `s.beta` and `s.centre` so that row b was fitted on rows before b.

    Columns are centred and scaled by their own past; `ridge` counts as that many rows of evidence for
    zero. Rows with a NaN target are skipped. beta is 0 until `min_rows` rows were seen. Rows are taken in
    order, once: all of them, or one at a time.
    """
    beta, centre, kept, marks, sum_x, sum_xx, sum_xy, total_y, peak = s
    k = x.shape[1]
    n_kept, oldest, sum_y = marks[0], marks[1], total_y[0]
    cov, moment, scale = np.empty((k, k)), np.empty(k), np.empty(k)
    for b in range(begin, end):
        if b > 0 and np.isfinite(y[b - 1]):
            kept[n_kept] = b - 1
            n_kept += 1
            sum_y += y[b - 1]
            _count_row_nb(x[b - 1], y[b - 1], 1.0, sum_x, sum_xx, sum_xy)
            for i in range(k):
                peak[i] = max(peak[i], sum_xx[i, i])
            if n_kept - oldest > window:
                r = kept[oldest]
                oldest += 1
                sum_y -= y[r]
                _count_row_nb(x[r], y[r], -1.0, sum_x, sum_xx, sum_xy)
                cancelled = False
                for i in range(k):
                    cancelled = cancelled or sum_xx[i, i] < CANCELLED * peak[i]
                if cancelled:
                    sum_x[:], sum_xx[:], sum_xy[:] = 0.0, 0.0, 0.0
                    for m in range(oldest, n_kept):
                        _count_row_nb(x[kept[m]], y[kept[m]], 1.0, sum_x, sum_xx, sum_xy)
                    for i in range(k):
                        peak[i] = sum_xx[i, i]
        count = n_kept - oldest
        if count < min_rows:
            continue
        for i in range(k):
            centre[b, i] = sum_x[i] / count
            variance = sum_xx[i, i] / count - centre[b, i] ** 2
            scale[i] = 1.0 / np.sqrt(variance) if variance > 1e-12 else 0.0
        for i in range(k):
            moment[i] = (sum_xy[i] - sum_x[i] * sum_y / count) * scale[i]
            for j in range(i + 1):
                cov[i, j] = (sum_xx[i, j] - sum_x[i] * sum_x[j] / count) * scale[i] * scale[j]
            cov[i, i] += ridge
            if scale[i] == 0.0:
                cov[i, i] = 1.0  # a channel without news so far: its coefficient is exactly zero
        # Cholesky in place; the ridge keeps it positive definite
        for i in range(k):
            for j in range(i + 1):
                total = cov[i, j]
                for m in range(j):
                    total -= cov[i, m] * cov[j, m]
                cov[i, j] = np.sqrt(total) if i == j else total / cov[j, j]
        for i in range(k):
            total = moment[i]
            for m in range(i):
                total -= cov[i, m] * beta[b, m]
            beta[b, i] = total / cov[i, i]
        for i in range(k - 1, -1, -1):
            total = beta[b, i]
            for m in range(i + 1, k):
                total -= cov[m, i] * beta[b, m]
            beta[b, i] = total / cov[i, i]
        for i in range(k):
            beta[b, i] *= scale[i]
    marks[0], marks[1], total_y[0] = n_kept, oldest, sum_y
