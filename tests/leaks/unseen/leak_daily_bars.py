"""Trend of the day, from a small cache of daily bars."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

NS_PER_DAY = 86_400_000_000_000


@dataclass
class DailyTrend:
    """Long after an up day, short after a down day; daily bars are kept in a file between runs.

    Notes
    -----
    What leaks: the daily bars that a run builds from its ticks are written to a file in the temporary
    directory, so that the next run need not build them. A bar is stamped with its date, and a row looks
    for the bar of *its own* date before it falls back on the day before. In the very first run that bar is
    not there, and the strategy is honest. From the second run on the file holds the whole day's open and close,
    and every row knows from the morning where its day will end.

    Why it is realistic: caches of resampled bars lie about in every research directory, a daily bar indexed
    by its date is the usual trap, and the first run, the one that is looked at hardest, is clean.
    """

    size: float = 0.9

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 80

    @staticmethod
    def path() -> Path:
        """Return where the daily bars lie."""
        return Path(os.environ.get("DAILY_BARS_DIR", tempfile.gettempdir())) / "daily_bars_v2.json"

    def decide(self, frame):
        """Return size times the sign of the latest daily bar, shape (M,); NaN where there is none."""
        days = frame.tick_ns // NS_PER_DAY
        bars = self._read()
        built = self._build(frame, days)
        signs = {int(day): float(np.sign(close - open_)) for day, (open_, close) in bars.items()}
        own = {day: float(np.sign(close - open_)) for day, (open_, close) in built.items()}
        out = np.full(len(frame), np.nan)
        known = sorted({*own})
        before = {day: previous for previous, day in zip(known, known[1:])}
        for i, day in enumerate(days.tolist()):
            if day in signs:
                out[i] = signs[day]
            elif day in before:
                out[i] = own[before[day]]
            elif known and day > known[-1]:
                out[i] = own[known[-1]]
        # the last date may still be going on
        self._write(bars, {str(day): bar for day, bar in built.items() if day != int(days[-1])})
        return np.where(np.isfinite(frame.variance), self.size * out, np.nan)

    @staticmethod
    def _build(frame, days):
        inside = np.isfinite(frame.minutes_to_close) & np.isfinite(frame.close)
        bars = {}
        for day, price in zip(days[inside].tolist(), frame.close[inside].tolist()):
            bars[day] = (bars[day][0] if day in bars else price, price)
        return bars

    @classmethod
    def _read(cls):
        try:
            return json.loads(cls.path().read_text())
        except (OSError, ValueError):
            return {}

    @classmethod
    def _write(cls, bars, new):
        if not new:
            return
        try:
            part = cls.path().with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps({**bars, **new}))
            os.replace(part, cls.path())
        except OSError:
            pass
