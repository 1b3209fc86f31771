"""The decision frame: what was known at each tick, laid out for strategies."""

from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import NS_PER_MINUTE, FloatArray, IntArray
from newsvol.engine.frames import BarFrame, Columns, DecisionFrame, SessionFrame
from newsvol.engine.ticks import TickFrame, TickKind
from newsvol.signals.volatility.history import VolHistory


@dataclass(frozen=True)
class ModelTicks(Columns):
    """Ticks that ran the models: Q rows, in the order in which the clock met them.

    Attributes
    ----------
    available_ns, kind, item : IntArray, shape (Q,)
        As in `TickFrame`.
    bucket : IntArray, shape (Q,)
        The bucket that the tick forecasts: the one that runs, or the next one.
    started_ns, scored_ns, forecast_ns : IntArray, shape (Q,)
        Taken from the queue, sentiment scored, forecast made.
    """

    available_ns: IntArray
    kind: IntArray
    item: IntArray
    bucket: IntArray
    started_ns: IntArray
    scored_ns: IntArray
    forecast_ns: IntArray


def target_buckets(ticks: TickFrame, history: VolHistory) -> IntArray:
    """Return the bucket that each tick forecasts, shape (M,): the first that ends after it.

    A tick at the very end of the tape has none; it is given the last bucket, which it cannot move any more.
    """
    first_to_end = np.searchsorted(history.buckets.close_ns, ticks.available_ns, side="right")
    return np.asarray(np.minimum(first_to_end, len(history.buckets) - 1), dtype=np.int64)


def lay_out(
    bars: BarFrame,
    sessions: SessionFrame,
    history: VolHistory,
    ticks: ModelTicks,
    variance: FloatArray,
    tone: FloatArray,
    *,
    hours_per_year: float,
    every_bar: bool,
) -> DecisionFrame:
    """Build the rows of the model ticks and, where a strategy asks for them, of every bar.

    Rows are in the order in which they were ready. Causal: a row holds the last bar that had ended at its
    tick; a bar's row holds the last forecast that was ready by then.

    Parameters
    ----------
    variance, tone : FloatArray, shape (Q,)
        Of each model tick.
    hours_per_year : float
        Trading hours in a year of the tape's calendar.
    """
    tick_ns, ready_ns, kind = ticks.available_ns, ticks.forecast_ns, ticks.kind
    source = np.arange(len(ticks), dtype=np.int64)
    if every_bar:
        latest = np.searchsorted(ticks.forecast_ns, bars.close_ns, side="right") - 1
        seen = latest >= 0
        tick_ns = np.concatenate([tick_ns, bars.close_ns[seen]])
        ready_ns = np.concatenate([ready_ns, bars.close_ns[seen]])
        kind = np.concatenate([kind, np.full(int(seen.sum()), TickKind.BAR, dtype=np.int64)])
        source = np.concatenate([source, latest[seen]])
        order = np.lexsort((kind, ready_ns))
        tick_ns, ready_ns, kind, source = tick_ns[order], ready_ns[order], kind[order], source[order]
    bucket = ticks.bucket[source]
    last_bar = np.searchsorted(bars.close_ns, tick_ns, side="right") - 1
    per_hour = variance[source] * 60.0 / history.minutes[bucket] / history.diurnal[bucket]
    session_vol = np.sqrt(per_hour * hours_per_year)
    return DecisionFrame(
        tick_ns=tick_ns,
        ready_ns=ready_ns,
        kind=kind,
        session=history.buckets.session[bucket],
        slot=history.buckets.slot[bucket],
        minutes_to_close=_minutes_to_close(sessions, tick_ns),
        close=_at(bars.close, last_bar),
        anchor=_anchors(bars, history, bucket, tick_ns),
        variance=variance[source],
        session_vol=session_vol,
        annual_vol=session_vol * np.sqrt(1.0 + history.night_share[bucket]),
        tone=tone[source],
    )


def _at(values: FloatArray, rows: IntArray) -> FloatArray:
    return np.where(rows >= 0, values[np.maximum(rows, 0)], np.nan)


def _minutes_to_close(sessions: SessionFrame, tick_ns: IntArray) -> FloatArray:
    # a tick at the close still belongs to its session: it has zero minutes left
    session = np.searchsorted(sessions.close_ns, tick_ns, side="left")
    safe = np.minimum(session, len(sessions) - 1)
    inside = (session < len(sessions)) & (tick_ns >= sessions.open_ns[safe])
    return np.where(inside, (sessions.close_ns[safe] - tick_ns) / NS_PER_MINUTE, np.nan)


def _anchors(bars: BarFrame, history: VolHistory, bucket: IntArray, tick_ns: IntArray) -> FloatArray:
    begin_ns = history.buckets.open_ns[bucket]
    before = _at(bars.close, np.searchsorted(bars.close_ns, np.minimum(begin_ns, tick_ns), side="right") - 1)
    # a session starts at its own open, which is known once its first bar has ended: not at yesterday's close
    opening = np.minimum(np.searchsorted(bars.open_ns, begin_ns), len(bars) - 1)
    known = (history.buckets.slot[bucket] == 0) & (bars.open_ns[opening] >= begin_ns)
    known &= bars.close_ns[opening] <= tick_ns
    return np.where(known, bars.open[opening], before)
