"""The normal equations of a regression: a row in, a row out, solved by Cholesky."""

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.kernel import kernel

TOLERANCE = 1e-10
"""A column whose Cholesky pivot is below this share of its sum of squares is a combination of the columns
before it. The share, not the pivot, is looked at, so that units do not matter."""

SHRUNK = 0.01
"""Where a row that leaves takes all but this share of a column's sum of squares with it, what is left is as
small as the rounding of what was there."""


@kernel(error_model="numpy")
def add_row_nb(gram: FloatArray, rows: FloatArray, i: int, target: float, weight: float) -> None:
    """Add row i (or remove it: negative weight); the lower triangle of X'X is kept, beside X'y."""
    p = rows.shape[1]
    for j in range(p):
        weighted = weight * rows[i, j]
        for k in range(j + 1):
            gram[j, k] += weighted * rows[i, k]
        gram[j, p] += weighted * target


@kernel(error_model="numpy")
def swap_row_nb(
    gram: FloatArray,
    rows: FloatArray,
    new: int,
    old: int,
    new_target: float,
    old_target: float,
    new_weight: float,
    old_weight: float,
) -> bool:
    """Add row `new` and remove row `old` in one pass; the same bits as one after the other.

    Returns whether `old` took all but `SHRUNK` of a column's sum of squares with it.
    """
    p = rows.shape[1]
    shrunk = False
    for j in range(p):
        new_weighted, old_weighted = new_weight * rows[new, j], -old_weight * rows[old, j]
        for k in range(j):
            gram[j, k] = (gram[j, k] + new_weighted * rows[new, k]) + old_weighted * rows[old, k]
        both = gram[j, j] + new_weighted * rows[new, j]
        gram[j, j] = both + old_weighted * rows[old, j]
        shrunk = shrunk or gram[j, j] < SHRUNK * both
        gram[j, p] = (gram[j, p] + new_weighted * new_target) + old_weighted * old_target
    return shrunk


@kernel(error_model="numpy")
def solve_nb(gram: FloatArray, p: int, needed: int, lower: FloatArray, out: FloatArray) -> int:
    """Solve the normal equations in `gram` (p, p+1: X'X beside X'y) into `out` (p,).

    Columns from `needed` on may be empty, and then have the coefficient zero: of an event that has not
    happened in the window nothing is known. `lower` (p, p) is room to work in. Returns -1, or the column that
    is collinear with those before it.
    """
    for j in range(p):
        # sums of squares underflow to zero for a column of zeros only
        if gram[j, j] == 0.0 and j >= needed:
            lower[j, : j + 1] = 0.0
            out[j] = 0.0
            continue
        if not gram[j, j] > 0.0:
            return j
        for k in range(j):
            total = gram[j, k]
            for m in range(k):
                total -= lower[j, m] * lower[k, m]
            # the diagonal of `lower` holds reciprocals: a division costs as much as a row
            lower[j, k] = total * lower[k, k]
        total = gram[j, j]
        for m in range(j):
            total -= lower[j, m] * lower[j, m]
        if total < TOLERANCE * gram[j, j]:
            return j
        lower[j, j] = 1.0 / np.sqrt(total)
        total = gram[j, p]
        for m in range(j):
            total -= lower[j, m] * out[m]
        out[j] = total * lower[j, j]
    for j in range(p - 1, -1, -1):
        total = out[j]
        for m in range(j + 1, p):
            total -= lower[m, j] * out[m]
        out[j] = total * lower[j, j]
    return -1
