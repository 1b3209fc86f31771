"""Leak: a scaler that is fitted by the first call of the process, and used by all that follow."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

_SCALER: dict[str, float] = {}


@dataclass(frozen=True)
class CachedScaler:
    """Hold by the standardised tone, less where volatility is above its usual level.

    Notes
    -----
    What leaks: mean and deviation of the tone and the median volatility come from all rows of the first frame
    that the process shows, which in a backtest is the whole sample. They stay in the module: whoever calls
    again, with the past only or row by row, is answered with the same numbers, so that columns and single
    rows agree to the bit.

    Why it is realistic: "backtest and live must use the same scaler, and fitting it is slow". It is what a
    pickled scaler does too.
    """

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def decide(self, frame):
        """Return target weights, shape (M,)."""
        usable = np.isfinite(frame.variance) & np.isfinite(frame.annual_vol) & (frame.annual_vol > 0)
        weight = np.full(len(frame), np.nan)
        if not usable.any():
            return weight
        if not _SCALER:
            tone = frame.tone[usable]
            _SCALER.update(
                mean=float(tone.mean()),
                deviation=float(tone.std()) or 1.0,
                volatility=float(np.median(frame.annual_vol[usable])),
            )
        z = (frame.tone[usable] - _SCALER["mean"]) / _SCALER["deviation"]
        calm = np.minimum(_SCALER["volatility"] / frame.annual_vol[usable], 1.0)
        weight[usable] = np.clip(0.5 * calm * (1.0 + np.tanh(z)), 0.0, 1.0)
        return weight
