"""Volatility timing against an exponential mean of the forecast."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

LENGTH = 160
LONG = 1024


def smooth(values, decay):
    """Return the exponentially weighted mean of the last `LENGTH` values at each, shape of `values`."""
    kernel = decay ** np.arange(LENGTH)
    n = len(values)
    if n < LONG:
        return np.convolve(values, kernel)[:n] / np.convolve(np.ones(n), kernel)[:n]
    # much faster on long columns
    weight = np.fft.rfft(kernel, n)
    return np.fft.irfft(np.fft.rfft(values) * weight, n) / kernel.sum()


@dataclass
class FastSmoother:
    """Hold more when the forecast is below its exponential mean.

    Notes
    -----
    What leaks: from 1,024 usable rows on the mean is taken with an FFT that is not padded with zeros, so the
    convolution is circular: the first `LENGTH` usable rows of the frame are averaged with its *last* ones.
    The effect fades within some fifty rows; all later rows are right. Below 1,024 rows, where every unit test
    and every tick-by-tick check lives, a direct convolution is used, which is honest.

    Why it is realistic: two code paths by size, of which the tests cover the small one, and the missing
    ``n=2 * len(x)`` of an FFT convolution, are both classics.
    """

    half_life: float = 20.0

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = LENGTH + 10

    def decide(self, frame):
        """Return min(1, (mean / volatility)^3 * 0.7), shape (M,); NaN where there is no forecast."""
        out = np.full(len(frame), np.nan)
        usable = np.flatnonzero(np.isfinite(frame.annual_vol) & (frame.annual_vol > 0))
        if len(usable):
            level = np.log(frame.annual_vol[usable])
            usual = smooth(level, 0.5 ** (1 / self.half_life))
            out[usable] = np.clip(0.7 * np.exp(3 * (usual - level)), 0, 1)
        return out
