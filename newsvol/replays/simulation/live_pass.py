"""The live pass: the models walked forward in time, each tick given its past and nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.clock import SimulatedClock, utc_second
from newsvol.engine.errors import LookAheadError
from newsvol.engine.loop import walk
from newsvol.engine.plug_ins import differing_rows
from newsvol.engine.ticks import TickFrame, TickKind
from newsvol.replays.simulation.decisions import ModelTicks
from newsvol.replays.simulation.service_times import ServiceTimes
from newsvol.signals.live import LiveForecast
from newsvol.signals.sentiment import SentimentModel, signed_score
from newsvol.signals.volatility.live import LiveVolatility
from newsvol.strategies.contract import WARM_UP_CALLS


@dataclass(frozen=True)
class LiveModels:
    """The models before the first tick.

    Attributes
    ----------
    volatility : LiveVolatility
        The traded forecaster, which `forecast` reads.
    naive : LiveVolatility
        The naive one that strategies are also run on; it stands beside, and is charged to nobody.
    """

    volatility: LiveVolatility
    naive: LiveVolatility
    forecast: LiveForecast


@dataclass(frozen=True)
class LiveNumbers:
    """What the models said as the clock came by: Q ticks, B buckets.

    Attributes
    ----------
    base, naive : FloatArray, shape (B,)
        Forecast variance of each bucket, made when it began.
    diurnal, night_share : FloatArray, shape (B,)
        What turns a forecast into the volatility that positions are sized on, from when the session opened.
    fused, tone : FloatArray, shape (Q,)
        Fused forecast and tone of the news at each tick.
    """

    base: FloatArray
    naive: FloatArray
    diurnal: FloatArray
    night_share: FloatArray
    fused: FloatArray
    tone: FloatArray


def measure_models(
    ticks: TickFrame,
    scorer: SentimentModel | None,
    texts: Sequence[str],
    make_live: Callable[[], LiveModels],
    on_progress: Callable[[int], None] = lambda _count: None,
    now_ns: Callable[[], int] = perf_counter_ns,
) -> tuple[ServiceTimes, FloatArray, LiveNumbers]:
    """Walk the clock over the ticks, really run the models at each, and take the time.

    Parameters
    ----------
    scorer : SentimentModel or None
        None where the tape has no headlines.
    make_live : callable
        Gives models that have seen nothing; called twice, since some ticks are walked to warm up.
    now_ns : callable
        The clock that the models are timed by.

    Returns
    -------
    times : ServiceTimes
    probs : FloatArray, shape (N, 3)
        What the model said of each headline, scored alone.
    numbers : LiveNumbers
    """
    score_ns = np.zeros(len(ticks), dtype=np.int64)
    forecast_ns = np.zeros(len(ticks), dtype=np.int64)
    probs = np.full((len(texts), 3), np.nan)
    live, fused, tone = make_live(), np.full(len(ticks), np.nan), np.full(len(ticks), np.nan)
    for text in texts[:WARM_UP_CALLS]:
        _score(scorer, text)
    _warm_up(ticks.take(slice(WARM_UP_CALLS)), make_live())
    # one worker, as the queue has: a tick is taken up when the one before it is done
    free_ns = 0

    def on_tick(row: int, kind: int, item: int) -> None:
        nonlocal free_ns
        available_ns = int(ticks.available_ns[row])
        scored_ns = max(available_ns, free_ns) if row else available_ns
        if kind == TickKind.HEADLINE:
            begun = now_ns()
            probs[item] = _score(scorer, texts[item])
            score_ns[row] = now_ns() - begun
            scored_ns += int(score_ns[row])
            score = float(signed_score(probs[item : item + 1])[0])
        begun = now_ns()
        if kind == TickKind.HEADLINE:
            live.forecast.add_headline(available_ns, scored_ns, score)
        fused[row], tone[row] = live.forecast.on_tick(
            available_ns, scored_ns, begins=kind != TickKind.HEADLINE
        )
        forecast_ns[row] = now_ns() - begun
        live.naive.advance(available_ns)
        free_ns = scored_ns + int(forecast_ns[row])
        on_progress(row)

    if len(ticks):
        walk(ticks, SimulatedClock(int(ticks.available_ns[0])), on_tick)
    numbers = _numbers(live, fused, tone)
    return ServiceTimes(score_ns, forecast_ns), probs, numbers


def forecast_live(
    ticks: ModelTicks,
    score: FloatArray,
    live: LiveModels,
    on_progress: Callable[[int], None] = lambda _count: None,
) -> LiveNumbers:
    """Walk ticks whose service times are known, with headlines whose scores are.

    Parameters
    ----------
    score : FloatArray, shape (N,)
        Signed score of each headline.
    """
    headline = np.flatnonzero(ticks.kind == TickKind.HEADLINE)
    ready_ns, available_ns = ticks.scored_ns[headline], ticks.available_ns[headline]
    fused, tone = np.full(len(ticks), np.nan), np.full(len(ticks), np.nan)
    read = 0
    for row in range(len(ticks)):
        scored_ns = int(ticks.scored_ns[row])
        # where nothing takes time, headlines of one stamp are known together
        while read < len(headline) and ready_ns[read] <= scored_ns:
            item = int(ticks.item[headline[read]])
            live.forecast.add_headline(int(available_ns[read]), int(ready_ns[read]), float(score[item]))
            read += 1
        now_ns, begins = int(ticks.available_ns[row]), ticks.kind[row] != TickKind.HEADLINE
        fused[row], tone[row] = live.forecast.on_tick(now_ns, scored_ns, begins=begins)
        live.naive.advance(now_ns)
        on_progress(row)
    return _numbers(live, fused, tone)


def require_same(what: str, live: FloatArray, columns: FloatArray, tick_ns: IntArray) -> None:
    """Compare what was said tick by tick with what the columns say, shape (Q,) each, to the bit.

    Raises
    ------
    LookAheadError
        They differ; the message names the first tick.
    """
    differ = differing_rows(live, columns, exactly=True)
    if len(differ):
        row = int(differ[0])
        raise LookAheadError(
            f"{what} is {live[row]:.9g} at tick {row:,} ({utc_second(tick_ns[row])}) from what is known "
            f"then, and {columns[row]:.9g} where it is computed for all ticks at once; {len(differ):,} of "
            f"{len(live):,} ticks differ. This is a fault of newsvol: please report it"
        )


def _numbers(live: LiveModels, fused: FloatArray, tone: FloatArray) -> LiveNumbers:
    volatility = live.volatility
    return LiveNumbers(
        volatility.variance, live.naive.variance, volatility.diurnal, volatility.night_share, fused, tone
    )


def _warm_up(ticks: TickFrame, live: LiveModels) -> None:
    """Load kernels and fill caches, once per process."""
    for available_ns, kind in zip(ticks.available_ns.tolist(), ticks.kind.tolist(), strict=True):
        if kind == TickKind.HEADLINE:
            live.forecast.add_headline(available_ns, available_ns, 0.0)
        live.forecast.on_tick(available_ns, available_ns, begins=kind != TickKind.HEADLINE)


def _score(scorer: SentimentModel | None, text: str) -> FloatArray:
    assert scorer is not None, "headlines need a model"
    return np.asarray(scorer.probabilities([text])[0])
