"""Service times: what each tick is charged, by rule, by measuring, or from an earlier run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np

from newsvol.engine.arrays import NS_PER_HOUR, FloatArray, IntArray
from newsvol.engine.clock import SimulatedClock
from newsvol.engine.frames import BarFrame, DecisionFrame
from newsvol.engine.latency import Latency
from newsvol.engine.loop import walk
from newsvol.engine.ticks import TickFrame, TickKind
from newsvol.signals.news.features import CHANNELS, HALF_LIVES_HOURS, channel_weights
from newsvol.signals.news.features_nb import decayed_sums_nb
from newsvol.signals.sentiment import SentimentModel, signed_score
from newsvol.signals.volatility.har_specifications import Har
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.measures import bar_arrays
from newsvol.signals.volatility.measures_nb import realized_measures_nb
from newsvol.strategies.contract import WARM_UP_CALLS, decide_columns
from newsvol.strategies.protocol import Strategy

_NEWS_MEMORY = 256
"""Headlines that the live news features look back on; older ones have decayed away."""


@dataclass(frozen=True)
class ServiceTimes:
    """What the models take at each of Q model ticks.

    `score_ns`, `forecast_ns` : IntArray, shape (Q,).
    """

    score_ns: IntArray
    forecast_ns: IntArray


Decide = Callable[[str, Strategy, DecisionFrame], tuple[FloatArray, IntArray]]
"""Gives the weight that a strategy decides at each row of its frame, and what that takes, shape (M,) each."""


def rule_times(latency: Latency, ticks: TickFrame) -> ServiceTimes:
    """Return the service times of ``zero`` and ``constant``: scoring for headlines, forecasting otherwise."""
    is_headline = ticks.kind == TickKind.HEADLINE
    charge = np.full(len(ticks), latency.service_ns, dtype=np.int64)
    return ServiceTimes(np.where(is_headline, charge, 0), np.where(is_headline, 0, charge))


def decide_free(name: str, strategy: Strategy, frame: DecisionFrame) -> tuple[FloatArray, IntArray]:
    """Decide in one call, and charge nothing for it."""
    return decide_columns(name, strategy, frame), np.zeros(len(frame), dtype=np.int64)


def measure_models(
    ticks: TickFrame,
    scorer: SentimentModel | None,
    texts: Sequence[str],
    live: "LiveForecast",
    on_progress: Callable[[int], None] = lambda _count: None,
    now_ns: Callable[[], int] = perf_counter_ns,
) -> tuple[ServiceTimes, FloatArray]:
    """Walk the clock over the ticks, really run the models at each, and take the time.

    Parameters
    ----------
    scorer : SentimentModel or None
        None where the tape has no headlines.
    now_ns : callable
        The clock that the models are timed by.

    Returns
    -------
    times : ServiceTimes
    probs : FloatArray, shape (N, 3)
        What the model said of each headline, scored alone.
    """
    score_ns = np.zeros(len(ticks), dtype=np.int64)
    forecast_ns = np.zeros(len(ticks), dtype=np.int64)
    probs = np.full((len(texts), 3), np.nan)
    for text in texts[:WARM_UP_CALLS]:
        _score(scorer, text)

    def on_tick(row: int, kind: int, item: int) -> None:
        if kind == TickKind.HEADLINE:
            begun = now_ns()
            probs[item] = _score(scorer, texts[item])
            score_ns[row] = now_ns() - begun
        begun = now_ns()
        live.on_tick(int(ticks.available_ns[row]), kind, item, probs)
        forecast_ns[row] = now_ns() - begun
        on_progress(row)

    if len(ticks):
        walk(ticks, SimulatedClock(int(ticks.available_ns[0])), on_tick)
    return ServiceTimes(score_ns, forecast_ns), probs


def _score(scorer: SentimentModel | None, text: str) -> FloatArray:
    assert scorer is not None, "headlines need a model"
    return np.asarray(scorer.probabilities([text])[0])


class LiveForecast:
    """The forecast as a live system computes it, one tick at a time, for its duration.

    At a bucket's end it measures the bucket's bars and takes a HAR step (the same kernel as the columns); at
    every tick it decays the news and applies the fusion. The numbers that are traded come from the columnar
    path, which the tests hold equal; the diurnal curve and the fusion's coefficients are read from it.

    Parameters
    ----------
    hars : tuple of Har
        The regressions that are stepped: one, several for a blend, none for a forecaster without a live step
        (only news and fusion are timed then).
    available_ns : IntArray, shape (N,)
        Of the headlines.
    """

    def __init__(
        self, bars: BarFrame, history: VolHistory, hars: tuple[Har, ...], available_ns: IntArray
    ) -> None:
        self._bars, self._history = bars, history
        self._available_ns = available_ns
        # timed, not used: what is a gap is the columns' to say
        self._gap_ns = np.full(len(history.buckets), NS_PER_HOUR)
        self._regressions = [
            (har.state(len(history.buckets)), har.series(history), har.extra(history)) for har in hars
        ]
        self._half_lives_ns = np.array(HALF_LIVES_HOURS) * NS_PER_HOUR
        self._beta = np.zeros(len(HALF_LIVES_HOURS) * len(CHANNELS))
        self._warm_up()

    def on_tick(self, now_ns: int, kind: int, item: int, probs: FloatArray) -> None:
        """Do what a live system does at this tick."""
        if kind == TickKind.BUCKET_END:
            self._measure(item)
            for state, series, extra in self._regressions:
                if item + 1 < state.capacity:
                    state.step(float(series[item]), extra[item + 1] if extra is not None else None)
        self._fuse(now_ns, probs)

    def _measure(self, bucket: int) -> None:
        buckets = self._history.buckets
        begin, end = np.searchsorted(self._bars.open_ns, [buckets.open_ns[bucket], buckets.close_ns[bucket]])
        rows, one = slice(begin, end), slice(bucket, bucket + 1)
        bars = self._bars
        realized_measures_nb(
            bar_arrays(bars.take(rows)),
            buckets.open_ns[one],
            buckets.close_ns[one],
            buckets.session[one],
            self._gap_ns[one],
        )

    def _fuse(self, now_ns: int, probs: FloatArray) -> float:
        end = int(np.searchsorted(self._available_ns, now_ns, side="right"))
        recent = slice(max(end - _NEWS_MEMORY, 0), end)
        stamps = self._available_ns[recent]
        weights = channel_weights(signed_score(probs[recent]))
        sums = decayed_sums_nb(stamps, stamps, weights, np.array([now_ns]), self._half_lives_ns)
        return float(np.exp(sums[0] @ self._beta))

    def _warm_up(self) -> None:
        if len(self._history.buckets):
            self._measure(0)
        for state, _, extra in self._regressions:
            # the step before any bucket has ended: it forecasts nothing, and loads the kernel
            state.step(np.nan, extra[0] if extra is not None else None)
        self._fuse(0, np.empty((len(self._available_ns), 3)))
