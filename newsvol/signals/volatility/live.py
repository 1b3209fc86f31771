"""Volatility as a live system has it: measured and forecast bucket by bucket, from what has ended."""

from dataclasses import fields

import numpy as np

from newsvol.engine.frames import BarFrame
from newsvol.signals.volatility.buckets import BucketFrame, bar_length_ns
from newsvol.signals.volatility.contract import live_step
from newsvol.signals.volatility.diurnal import NO_CURVE, DiurnalCurve
from newsvol.signals.volatility.gaps import USUAL_SESSIONS, gaps_of_sessions, session_bounds, usual_silences
from newsvol.signals.volatility.history import Proxy, VolHistory, measured_by, once_opened
from newsvol.signals.volatility.measures import RealizedMeasures, minutes_of
from newsvol.signals.volatility.nights import NightShares, night_returns
from newsvol.signals.volatility.prior import Prior
from newsvol.signals.volatility.protocol import Forecaster


class LiveHistory:
    """The volatility history as it grows.

    Parameters
    ----------
    bars : BarFrame
        Of the whole tape; those that have not ended are not read.
    buckets : BucketFrame
        The calendar, known ahead.
    proxy : {"rv", "truncated_rv", "gk"}
    prior : Prior or None
        As in `VolHistory`.

    Attributes
    ----------
    ended : int
        Buckets that have ended and are measured.
    realized : FloatArray, shape (B,)
        Their realized variances; NaN in the rows that have not ended.
    diurnal, night_share : FloatArray, shape (B,)
        As `VolHistory` has them, as far as sessions have opened.
    """

    def __init__(
        self, bars: BarFrame, buckets: BucketFrame, proxy: Proxy, prior: Prior | None = None
    ) -> None:
        n, sessions = len(buckets), session_bounds(buckets)
        self.ended = 0
        self._bars, self._buckets, self._sessions, self._proxy = bars, buckets, sessions, proxy
        self._prior = prior
        self._bar_ns = bar_length_ns(bars)
        self._measures = RealizedMeasures(*(np.full(n, np.nan) for _ in fields(RealizedMeasures)))
        self.realized = self._measures.rv
        self._minutes = minutes_of(buckets)
        self._intensity, self._z = np.full(n, np.nan), np.full(n, np.nan)
        self._overnight, self._night_share = np.full(n, np.nan), np.full(n, np.nan)
        self._curve = DiurnalCurve(buckets, NO_CURVE if prior is None else prior.curve_of(buckets))
        self.diurnal, self.night_share = self._curve.factor, self._night_share
        self._gap_ns = np.zeros(n, dtype=np.int64)
        self._usually = np.full(len(sessions.first), np.nan)
        self._shares = NightShares(len(sessions.first), None if prior is None else prior.night_share)

    def measure_next(self) -> None:
        """Measure the bucket that has just ended; its bars are those that had ended with it."""
        row = self.ended
        rows = slice(self._first_row(row), row + 1)
        seen = self._bars_of(rows, int(self._buckets.close_ns[row]))
        measured = measured_by(self._proxy, seen, self._buckets.take(rows), self._gap_ns[rows])
        for column in fields(RealizedMeasures):
            getattr(self._measures, column.name)[row] = getattr(measured, column.name)[-1]
        self._intensity[row] = self._measures.rv[row] * 60.0 / self._minutes[row]
        self._z[row] = self._intensity[row] / self._curve.factor[row]
        self.ended = row + 1

    def next_bucket(self) -> VolHistory:
        """Return the history up to the bucket that begins, whose own measures are missing."""
        row = self.ended
        if row == self._first_row(row):
            self._begin_session(int(self._sessions.of_bucket[row]))
        else:
            self._overnight[row] = self._night_before(row, once=True)
        known = slice(row + 1)
        return VolHistory(
            self._buckets.take(known),
            self._measures.take(known),
            self._minutes[known],
            self._intensity[known],
            self._curve.factor[known],
            self._z[known],
            self._proxy,
            self._prior,
            self._overnight[known],
            self._night_share[known],
        )

    def _begin_session(self, session: int) -> None:
        """Learn the session that has ended, and fill what holds for the whole of the one that begins."""
        rows = slice(int(self._sessions.first[session]), int(self._sessions.last[session]) + 1)
        if session > 0:
            ended = slice(int(self._sessions.first[session - 1]), rows.start)
            buckets = self._buckets.take(ended)
            seen = self._bars_of(ended, int(buckets.close_ns[-1]))
            self._usually[session - 1] = usual_silences(seen, session_bounds(buckets))[0]
            night = self._night_before(ended.stop - 1, once=False)
            session_rv = np.add.reduceat(self._measures.rv[ended], [0])
            self._shares.add(np.array([night]), session_rv)
        self._curve.extend(rows.start, rows.stop, self._intensity)
        self._night_share[rows] = self._shares.share[session]
        traded = np.flatnonzero(np.isfinite(self._usually[:session]))[-USUAL_SESSIONS:]
        usually = np.append(self._usually[traded], np.nan)
        self._gap_ns[rows] = gaps_of_sessions(usually, self._bar_ns)[-1]

    def _night_before(self, row: int, *, once: bool) -> float:
        """Return the return of the night before the row's session, as known when the row's bucket begins.

        With `once` the session's first bar must have ended by then; without it the session has ended.
        """
        session = int(self._sessions.of_bucket[row])
        rows = slice(int(self._sessions.first[max(session - 1, 0)]), row + 1)
        buckets = self._buckets.take(rows)
        now_ns = int(buckets.open_ns[-1] if once else buckets.close_ns[-1])
        seen = self._bars_of(rows, now_ns)
        night = night_returns(seen, buckets, self._gap_ns[rows])
        return float((once_opened(night, seen, buckets) if once else night)[-1])

    def _first_row(self, row: int) -> int:
        return int(self._sessions.first[self._sessions.of_bucket[row]])

    def _bars_of(self, rows: slice, now_ns: int) -> BarFrame:
        """Return the bars of these buckets by `now_ns`, with the one before them."""
        close_ns = self._bars.close_ns
        first = int(np.searchsorted(close_ns, self._buckets.open_ns[rows.start], side="right"))
        return self._bars.take(slice(max(first - 1, 0), int(np.searchsorted(close_ns, now_ns, side="right"))))


class LiveVolatility:
    """One forecaster and the history that it reads, as both grow.

    Parameters
    ----------
    name : str
    forecaster : Forecaster
    bars, buckets, proxy, prior
        As `LiveHistory` takes them.

    Attributes
    ----------
    variance : FloatArray, shape (B,)
        The forecast of each bucket so far, made when it began.
    realized : FloatArray, shape (B,)
        What was measured of each bucket so far.
    diurnal, night_share : FloatArray, shape (B,)
        What sizes positions besides, as far as sessions have opened.
    """

    def __init__(
        self,
        name: str,
        forecaster: Forecaster,
        bars: BarFrame,
        buckets: BucketFrame,
        proxy: Proxy,
        prior: Prior | None = None,
    ) -> None:
        self.variance = np.full(len(buckets), np.nan)
        self._history = LiveHistory(bars, buckets, proxy, prior)
        self.realized = self._history.realized
        self.diurnal, self.night_share = self._history.diurnal, self._history.night_share
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
