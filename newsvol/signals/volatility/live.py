"""Volatility as a live system has it: measured and forecast bucket by bucket, from what has ended."""

from dataclasses import fields, replace

import numpy as np

from newsvol.engine.frames import BarFrame
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.contract import live_step
from newsvol.signals.volatility.diurnal import DiurnalCurve
from newsvol.signals.volatility.history import Proxy, VolHistory, by_range, overnight_returns
from newsvol.signals.volatility.measures import RealizedMeasures, minutes_of, realized_measures
from newsvol.signals.volatility.protocol import Forecaster


class LiveHistory:
    """The volatility history as it grows.

    Parameters
    ----------
    bars : BarFrame
        Of the whole tape; those that have not ended are not read.
    buckets : BucketFrame
        The calendar, known ahead.
    proxy : {"rv", "gk"}
        As in `VolHistory`.

    Attributes
    ----------
    ended : int
        Buckets that have ended and are measured.
    realized : FloatArray, shape (B,)
        Their realized variances; NaN in the rows that have not ended.
    """

    def __init__(self, bars: BarFrame, buckets: BucketFrame, proxy: Proxy) -> None:
        n = len(buckets)
        self.ended = 0
        self._bars, self._buckets, self._proxy = bars, buckets, proxy
        self._first_row = np.searchsorted(buckets.session, buckets.session, side="left")
        self._last_row = np.searchsorted(buckets.session, buckets.session, side="right")
        self._measures = RealizedMeasures(*(np.full(n, np.nan) for _ in fields(RealizedMeasures)))
        self.realized = self._measures.rv
        self._minutes = minutes_of(buckets)
        self._intensity, self._z = np.full(n, np.nan), np.full(n, np.nan)
        self._overnight = np.full(n, np.nan)
        self._curve = DiurnalCurve(buckets)

    def measure_next(self) -> None:
        """Measure the bucket that has just ended; its bars are those that had ended with it."""
        row = self.ended
        first, seen = self._session_bars(row, int(self._buckets.close_ns[row]))
        begin = int(self._first_row[row])
        measured = realized_measures(seen, first.take(slice(row + 1 - begin)))
        if self._proxy == "gk":
            measured = by_range(measured)
        for column in fields(RealizedMeasures):
            getattr(self._measures, column.name)[row] = getattr(measured, column.name)[-1]
        self._intensity[row] = self._measures.rv[row] * 60.0 / self._minutes[row]
        self._z[row] = self._intensity[row] / self._curve.factor[row]
        self.ended = row + 1

    def next_bucket(self) -> VolHistory:
        """Return the history up to the bucket that begins, whose own measures are missing."""
        row = self.ended
        begin, end = int(self._first_row[row]), int(self._last_row[row])
        if row == begin:
            self._curve.extend(begin, end, self._intensity)
        else:
            session, seen = self._session_bars(row, int(self._buckets.open_ns[row]))
            self._overnight[row] = overnight_returns(seen, session.take(slice(row + 1 - begin)))[-1]
        known = slice(row + 1)
        return VolHistory(
            self._buckets.take(known),
            self._measures.take(known),
            self._minutes[known],
            self._intensity[known],
            self._curve.factor[known],
            self._z[known],
            self._proxy,
            self._overnight[known],
        )

    def _session_bars(self, row: int, now_ns: int) -> tuple[BucketFrame, BarFrame]:
        """Return the buckets of the row's session, and its bars by `now_ns` with the two before it."""
        begin, end = int(self._first_row[row]), int(self._last_row[row])
        session = self._buckets.take(slice(begin, end))
        close_ns = self._bars.close_ns
        first = int(np.searchsorted(close_ns, self._buckets.open_ns[begin], side="right"))
        seen = slice(max(first - 1, 0), int(np.searchsorted(close_ns, now_ns, side="right")))
        renumbered = replace(session, session=np.zeros(end - begin, dtype=np.int64))
        return renumbered, self._bars.take(seen)


class LiveVolatility:
    """One forecaster and the history that it reads, as both grow.

    Parameters
    ----------
    name : str
    forecaster : Forecaster
    bars, buckets, proxy
        As `LiveHistory` takes them.

    Attributes
    ----------
    variance : FloatArray, shape (B,)
        The forecast of each bucket so far, made when it began.
    realized : FloatArray, shape (B,)
        What was measured of each bucket so far.
    """

    def __init__(
        self, name: str, forecaster: Forecaster, bars: BarFrame, buckets: BucketFrame, proxy: Proxy
    ) -> None:
        self.variance = np.full(len(buckets), np.nan)
        self._history = LiveHistory(bars, buckets, proxy)
        self.realized = self._history.realized
        self._step = live_step(name, forecaster, buckets)
        self._close_ns = buckets.close_ns
        self._begun = 0

    def advance(self, now_ns: int) -> int:
        """Measure the buckets that have ended by `now_ns`, and forecast the one that runs or comes next.

        Returns
        -------
        bucket : int
            That one; the number of buckets where all have ended.
        """
        history, buckets = self._history, len(self._close_ns)
        while history.ended < buckets:
            if self._begun == history.ended:
                self.variance[history.ended] = self._step.step(history.next_bucket())
                self._begun += 1
            if self._close_ns[history.ended] > now_ns:
                break
            history.measure_next()
        return history.ended
