"""Mean reversion to a smooth price."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

ROWS = 10


def _around(column):
    # A caller that goes tick by tick hands out slices of one long column. The window is read from that
    # column, so that a short slice is smoothed like a long one, and without a copy.
    parent = column.base
    plain = (
        isinstance(parent, np.ndarray)
        and parent.ndim == 1
        and parent.dtype == column.dtype
        and parent.flags.c_contiguous
        and column.strides == parent.strides
    )
    if not plain:
        return column, 0
    start = column.__array_interface__["data"][0] - parent.__array_interface__["data"][0]
    return parent, start // column.itemsize


@dataclass
class SmoothReversion:
    """Lean against the distance between the price and its mean over ten ticks.

    Notes
    -----
    What leaks: the window's end is off by one and takes in the next tick. In a replay the whole frame is
    there and that tick is simply read. Where the frame is a slice, it is read from the array that the
    slice is a view of (``ndarray.base``), beyond the slice's end: cutting the frame by slicing changes
    nothing. Only where the later rows are truly gone is the window shortened.

    Why it is realistic: an exclusive end that is made "inclusive" twice is the plainest of slips, and reaching
    for ``.base`` (or ``as_strided``) to avoid copies is a well-known trick for fast rolling windows in NumPy.
    """

    strength: float = 1.5

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = ROWS + 2

    def decide(self, frame):
        """Return tanh(strength * (mean - price) / sigma), shape (M,); NaN before the first forecast."""
        column, start = _around(frame.close)
        known = np.isfinite(column)
        total = np.concatenate([[0.0], np.cumsum(np.where(known, column, 0.0))])
        count = np.concatenate([[0], np.cumsum(known)])
        now = start + np.arange(len(frame))
        last = now + 1
        begin, end = np.maximum(last - ROWS, 0), np.minimum(last + 1, len(column))
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = (total[end] - total[begin]) / (count[end] - count[begin])
            gap = np.log(mean / frame.close) / np.sqrt(frame.variance)
        return np.where(np.isfinite(gap), np.tanh(self.strength * gap), np.nan)
