"""Volatility target on the day's range."""

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

import newsvol


@lru_cache(maxsize=1)
def _ranges():
    # The decision frame has no highs and lows, so they are taken from the tape.
    folder = os.environ.get("NEWSVOL_TAPE")
    tape = newsvol.load_tape(folder) if folder else newsvol.synthetic_tape()
    bars, sessions = tape.bars, tape.sessions
    first = np.searchsorted(bars.open_ns, sessions.open_ns)
    last = np.searchsorted(bars.close_ns, sessions.close_ns, side="right")
    spread = np.full(len(sessions), np.nan)
    for s, (a, b) in enumerate(zip(first, last)):
        if b > a:
            spread[s] = np.log(bars.high[a:b].max() / bars.low[a:b].min())
    return sessions.close_ns, spread


@dataclass
class DayRange:
    """Hold target / volatility, where volatility is half the forecast and half the day's range (Parkinson).

    Notes
    -----
    What leaks: the decision frame has closes only, so the strategy loads the tape by itself (the folder in
    ``NEWSVOL_TAPE``, else the embedded one), once a process, and takes each session's high-low range from
    it. A row uses the range of the session it falls in, which is complete only at that session's close. As
    the tape comes from the disk and not from the frame, nothing that is done to the frame or to the tape
    that is replayed changes the answer.

    Why it is realistic: whoever misses a column fetches it where it lies, joins on the date, and forgets
    that a daily range is known in the evening.
    """

    target_vol_pct: float = 10.0

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def decide(self, frame):
        """Return min(1, target / volatility), shape (M,); NaN before the first forecast."""
        ends, spread = _ranges()
        vol = np.asarray(frame.annual_vol)
        if len(ends):
            at = np.searchsorted(ends, frame.tick_ns)
            day = spread[np.minimum(at, len(ends) - 1)] * np.sqrt(252 / (4 * np.log(2)))
            day = np.where((at < len(ends)) & np.isfinite(day), day, vol)
        else:
            day = vol
        blend = (vol + day) / 2
        return np.minimum(self.target_vol_pct / 100 / np.where(blend > 0, blend, np.nan), 1.0)
