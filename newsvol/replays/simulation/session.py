"""One replay in memory: tape and recipe in, forecasts, ledgers and portfolios out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from newsvol.engine.arrays import NS_PER_MS, FloatArray, IntArray
from newsvol.engine.costs import Costs
from newsvol.engine.errors import TapeError
from newsvol.engine.fills import FILL_MODELS, fill_orders
from newsvol.engine.frames import BarFrame, DecisionFrame, FillFrame, SentimentScores, WeightFrame
from newsvol.engine.ledger import NOT_SENT, LatencyLedger
from newsvol.engine.queue_nb import fifo_start_nb
from newsvol.engine.ticks import TickFrame, TickKind, merge_ticks
from newsvol.replays.simulation.decisions import ModelTicks, lay_out, target_buckets
from newsvol.replays.simulation.events import recipe_schedule
from newsvol.replays.simulation.exogenous import recipe_exogenous
from newsvol.replays.simulation.live_pass import LiveModels, LiveNumbers, require_same
from newsvol.replays.simulation.prior import recipe_prior
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.service_times import Decide, ServiceTimes, decide_free
from newsvol.replays.tapes.calendar import trading_year
from newsvol.replays.tapes.empty_sessions import has_lately_traded
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.fusion import FusionConfig, fit_fusion, news_weight
from newsvol.signals.live import LiveForecast
from newsvol.signals.news.features import news_features, news_tone
from newsvol.signals.sentiment import signed_score
from newsvol.signals.volatility.aggregate import Aggregate
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.contract import forecast_columns, make_forecaster, require_same_forecasts
from newsvol.signals.volatility.har_specifications import IN_LOGS, SCHEDULED, WITH_PRIOR
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.live import LiveVolatility
from newsvol.signals.volatility.naive import NAIVE
from newsvol.signals.volatility.protocol import Forecaster, WithPrior
from newsvol.signals.volatility.schedule import Schedule
from newsvol.strategies.builtin import BuyAndHold, VolTarget
from newsvol.strategies.orders import order_sides, settle
from newsvol.strategies.protocol import Strategy

WORKERS = 1
BUY_AND_HOLD = "buy_and_hold"
NAIVE_VOL_TARGET = "vol_target_naive"
NAIVE_TRADED = "diurnal-ewma"
"""The naive forecast that `vol_target` is also run on: the best of the four on real minutes."""


@dataclass(frozen=True)
class Scope:
    """How much of a recipe runs: which strategies (none named: all), and the fill models beside its own."""

    strategies: tuple[str, ...] = ()
    fill_models: tuple[str, ...] = FILL_MODELS


EVERYTHING = Scope()


@dataclass(frozen=True)
class Forecasts:
    """Variance forecasts of each bucket by name, shape (B,), and the traded one at each model tick.

    `by_name` holds the naive ones, HAR and ``fused``; `fused`, `naive` and `tone` have shape (Q,);
    `bucket_tick` (B,) is the model tick at which each bucket was forecast, -1 for none. `weights` has what
    was learnt online, shape (B,) each: of ``news``, of each expert that was combined, and of the ``prior``.
    """

    by_name: Mapping[str, FloatArray]
    fused: FloatArray
    naive: FloatArray
    tone: FloatArray
    bucket_tick: IntArray
    weights: Mapping[str, FloatArray] = field(default_factory=dict)

    @property
    def prior_share(self) -> FloatArray:
        """How much of each forecast that was traded is prior, shape (n,); empty without a prior."""
        traded = np.isfinite(self.by_name["fused"])
        return self.weights["prior"][traded] if "prior" in self.weights else np.empty(0)


@dataclass(frozen=True)
class StrategyRun:
    """What a strategy decided: its orders, their fills under each fill model, its ledger (Q rows).

    `weight`, `decided_ns` and `decide_ns` have a row a decision, shape (M,).
    """

    weight: FloatArray
    targets: WeightFrame
    decided_ns: IntArray
    decide_ns: IntArray
    fills: Mapping[str, FillFrame]
    ledger: LatencyLedger


@dataclass(frozen=True)
class Session:
    """Everything a replay computed before portfolios are simulated."""

    history: VolHistory
    ticks: ModelTicks
    scores: SentimentScores
    service: ServiceTimes
    forecasts: Forecasts
    strategies: Mapping[str, StrategyRun]


def tape_of_span(tape: Tape, recipe: Recipe) -> Tape:
    """Return what of `tape` the recipe's span lets a replay see: nothing after its last day.

    Raises
    ------
    TapeError
        The span lies beyond the tape.
    """
    span = recipe.span
    if len(tape.sessions) == 0 or len(tape.bars) == 0:
        raise TapeError("the tape has no bars; import one with: newsvol tape import --help")
    begins, ends = tape.days()
    if span.first is not None and span.first > ends:
        raise TapeError(f"the span starts on {span.first}, after the tape's last day, {ends}")
    if span.last is not None and span.last < begins:
        raise TapeError(f"the span ends on {span.last}, before the tape's first day, {begins}")
    seen = tape if span.last is None else tape.until(span.last)
    if span.first is not None and not np.any(seen.sessions.open_ns >= tape.day_start_ns(span.first)):
        raise TapeError(f"the tape has no session from {span.first} to {span.last or ends}")
    return seen


def model_ticks(tape: Tape, history: VolHistory) -> TickFrame:
    """Return the ticks that run the models: session opens, bucket ends and headlines."""
    return merge_ticks(
        {
            TickKind.SESSION_OPEN: tape.sessions.open_ns,
            TickKind.BUCKET_END: history.buckets.close_ns,
            TickKind.HEADLINE: tape.news.available_ns,
        }
    )


def build_forecaster(recipe: Recipe) -> Forecaster:
    """Return the recipe's forecaster with its windows, and with the events that the recipe names.

    Without events it is the one of the same name without ``-events``; see `events.choose_events`.
    """
    return forecaster_with(recipe, recipe_schedule(recipe))


def forecaster_with(recipe: Recipe, schedule: Schedule | None) -> Forecaster:
    """Return the recipe's forecaster with its windows, and with those of the rest that it takes.

    That is `schedule`, and the recipe's outside series and prior.
    """
    volatility = recipe.volatility
    settings: dict[str, Any] = {"window": volatility.window, "min_window": volatility.min_window}
    if volatility.forecaster in SCHEDULED:
        settings["schedule"] = schedule
    if volatility.forecaster in IN_LOGS:
        settings["exogenous"] = recipe_exogenous(recipe)
        settings["outlier_bound"] = volatility.outlier_bound
    if volatility.forecaster in WITH_PRIOR:
        settings["prior"] = recipe_prior(recipe)
    return make_forecaster(volatility.forecaster, **settings)


def run_session(
    tape: Tape,
    recipe: Recipe,
    history: VolHistory,
    probs: FloatArray,
    service: ServiceTimes,
    decide: Decide = decide_free,
    scope: Scope = EVERYTHING,
    on_strategy: Callable[[str], None] = lambda _name: None,
    live: LiveNumbers | None = None,
) -> Session:
    """Replay `tape`: charge the service times, forecast, decide and fill.

    Parameters
    ----------
    history : VolHistory
        Of the tape: `prior.measure_tape(tape, recipe)`.
    probs : FloatArray, shape (N, 3)
        Sentiment of each headline.
    service : ServiceTimes
        Of each tick of `model_ticks`.
    decide : callable
        Gives what a strategy decides at each row, and what each decision takes.
    scope : Scope
        Which strategies run, and under which fill models.
    live : LiveNumbers, optional
        What the models said tick by tick: traded instead of the columns, which must say the same.

    Raises
    ------
    LookAheadError
        Columns and live numbers differ.

    Notes
    -----
    Causal: bars count from their close, headlines from the moment their score was ready, fits use rows that
    had ended. Columns are computed at once; the perturbation test shows that no row knows a later one.
    """
    ticks = charge(tape, history, service)
    is_headline = ticks.kind == TickKind.HEADLINE
    scores = SentimentScores(probs, signed_score(probs), ticks.scored_ns[is_headline])
    forecasts = forecast_ticks(tape, recipe, history, ticks, scores, live)
    strategies: dict[str, StrategyRun] = {}
    hours_per_year = trading_year(tape.info.calendar, tape.sessions).hours
    if live is not None:
        # what turns a forecast into a size is traded too
        for name in ("diurnal", "night_share"):
            columns = getattr(history, name)
            require_same(f"history.{name}", getattr(live, name), columns, history.buckets.open_ns)
        history = replace(history, diurnal=live.diurnal, night_share=live.night_share)
    frames = DecisionFrames(tape, history, ticks, forecasts, hours_per_year)
    for name, (strategy, on_naive) in lineup(recipe).items():
        if scope.strategies and name not in scope.strategies:
            continue
        on_strategy(name)
        frame = frames.of(strategy, on_naive=on_naive)
        weight, decide_ns = decide(name, strategy, frame)
        strategies[name] = _trade(tape, recipe, ticks, frame, weight, decide_ns, scope)
    return Session(history, ticks, scores, service, forecasts, strategies)


class DecisionFrames:
    """The frames of a session, laid out as strategies ask for them; shared, so nobody can write them."""

    def __init__(
        self,
        tape: Tape,
        history: VolHistory,
        ticks: ModelTicks,
        forecasts: Forecasts,
        hours_per_year: float,
    ) -> None:
        self._tape, self._history, self._hours_per_year = tape, history, hours_per_year
        self._ticks, self._forecasts = ticks, forecasts
        self._frames: dict[tuple[bool, bool], DecisionFrame] = {}

    def of(self, strategy: Strategy, *, on_naive: bool) -> DecisionFrame:
        """Return the frame of `strategy`, with the naive forecast in place of the traded one if asked."""
        key = (strategy.every_bar, on_naive)
        if key not in self._frames:
            forecasts = self._forecasts
            variance = forecasts.naive if on_naive else forecasts.fused
            laid_out = lay_out(
                self._tape.bars,
                self._tape.sessions,
                self._history,
                self._ticks,
                # every strategy starts when the traded forecast does, so that their spans are equal
                np.where(np.isfinite(forecasts.fused), variance, np.nan),
                forecasts.tone,
                hours_per_year=self._hours_per_year,
                every_bar=strategy.every_bar,
            )
            self._frames[key] = laid_out.read_only()
        return self._frames[key]


def lineup(recipe: Recipe) -> dict[str, tuple[Strategy, bool]]:
    """Return the strategies, and whether each trades the naive forecast; the baselines come first."""
    chosen = recipe.build_strategies()
    vol_target = chosen.get("vol_target", VolTarget())
    runs: dict[str, tuple[Strategy, bool]] = {
        BUY_AND_HOLD: (chosen.get(BUY_AND_HOLD, BuyAndHold()), False),
        NAIVE_VOL_TARGET: (vol_target, True),
    }
    return {**runs, **{name: (strategy, False) for name, strategy in chosen.items()}}


def costs_of(recipe: Recipe) -> Costs:
    """Return the recipe's trading costs."""
    return Costs(**recipe.costs.model_dump())


def live_models(tape: Tape, recipe: Recipe, history: VolHistory) -> LiveModels:
    """Return the recipe's models before the first tick.

    Parameters
    ----------
    history : VolHistory
        Only what is known before the first bucket is read: the calendar, and the prior.
    """
    calendar = tape.bars, history.buckets, history.proxy, history.prior
    name, naive = recipe.volatility.forecaster, FORECASTERS.factory(NAIVE_TRADED)()
    volatility = LiveVolatility(name, build_forecaster(recipe), *calendar)
    forecast = LiveForecast(
        volatility,
        history.buckets,
        len(tape.news),
        fusion_config(recipe),
        recipe.fusion.half_lives_hours,
    )
    return LiveModels(volatility, LiveVolatility(NAIVE_TRADED, naive, *calendar), forecast)


def fusion_config(recipe: Recipe) -> FusionConfig:
    """Return how the recipe joins HAR and news."""
    fusion = recipe.fusion
    return FusionConfig(fusion.form, fusion.ridge, fusion.weight, fusion.gate)


def charge(tape: Tape, history: VolHistory, service: ServiceTimes) -> ModelTicks:
    """Return the model ticks with what the queue and the models did to each."""
    ticks = model_ticks(tape, history)
    started_ns = fifo_start_nb(ticks.available_ns, service.score_ns + service.forecast_ns, WORKERS)
    scored_ns = started_ns + service.score_ns
    return ModelTicks(
        available_ns=ticks.available_ns,
        kind=ticks.kind,
        item=ticks.item,
        bucket=target_buckets(ticks, history),
        started_ns=started_ns,
        scored_ns=scored_ns,
        forecast_ns=scored_ns + service.forecast_ns,
    )


def forecast_ticks(
    tape: Tape,
    recipe: Recipe,
    history: VolHistory,
    ticks: ModelTicks,
    scores: SentimentScores,
    live: LiveNumbers | None = None,
) -> Forecasts:
    """Return the forecasts of every tick as columns, or the live ones where the columns say the same."""
    by_name = {name: FORECASTERS.factory(name)().forecast(history) for name in NAIVE}
    har_name, forecaster = recipe.volatility.forecaster, build_forecaster(recipe)
    weights: dict[str, FloatArray] = {}
    if isinstance(forecaster, Aggregate):
        combined = forecaster.combine(history)
        base = combined.variance
        weights |= dict(zip(combined.names, combined.weights.T, strict=True))
    else:
        base = forecast_columns(har_name, forecaster, history)
    if live is not None:
        require_same_forecasts(har_name, forecaster, live.base, base, history.buckets)
        base = live.base
    by_name[har_name] = base
    if recipe_prior(recipe) is not None and isinstance(forecaster, WithPrior):
        weights["prior"] = forecaster.prior_share(history)
    features = news_features(scores, tape.news.available_ns, ticks.scored_ns, recipe.fusion.half_lives_hours)
    tone = news_tone(scores, tape.news.available_ns, ticks.scored_ns)
    bucket_tick = _bucket_ticks(ticks, history)
    at_bucket = np.where((bucket_tick >= 0)[:, None], features[bucket_tick], 0.0)
    fusion = fit_fusion(fusion_config(recipe), base, history.measures.rv, at_bucket)
    fused, naive = fusion.fuse(ticks.bucket, base[ticks.bucket], features), by_name[NAIVE_TRADED]
    if (of_news := news_weight(fusion)) is not None and len(tape.news):
        weights["news"] = of_news
    if live is not None:
        # at the very end nothing is left to forecast, and live nothing is forecast
        asked = ticks.available_ns < history.buckets.close_ns[-1]
        require_same("the fused forecast", live.fused[asked], fused[asked], ticks.available_ns[asked])
        require_same("the tone of the news", live.tone, tone, ticks.available_ns)
        require_same(f"forecast {NAIVE_TRADED}", live.naive, naive, history.buckets.open_ns)
        fused, tone, naive = live.fused, live.tone, live.naive
    numbers = LiveNumbers(base, naive, history.diurnal, history.night_share, fused, tone)
    return replace(_in_span(tape, recipe, history, ticks, by_name, numbers, bucket_tick), weights=weights)


def forecasts_of_live(
    tape: Tape, recipe: Recipe, history: VolHistory, ticks: ModelTicks, live: LiveNumbers
) -> Forecasts:
    """Return the forecasts that were made live; nothing is computed as columns."""
    by_name = {NAIVE_TRADED: live.naive, recipe.volatility.forecaster: live.base}
    return _in_span(tape, recipe, history, ticks, by_name, live, _bucket_ticks(ticks, history))


def _in_span(
    tape: Tape,
    recipe: Recipe,
    history: VolHistory,
    ticks: ModelTicks,
    by_name: dict[str, FloatArray],
    numbers: LiveNumbers,
    bucket_tick: IntArray,
) -> Forecasts:
    # nothing is left to forecast at the very end of the tape, and nothing is asked for before the span
    first = recipe.span.first
    begins_ns = ticks.available_ns[0] if first is None else tape.day_start_ns(first)
    in_span = (ticks.available_ns >= begins_ns) & (ticks.available_ns < history.buckets.close_ns[-1])
    # nor where a whole session had no bar: orders would pile up, to be filled together when the gap is over
    traded = has_lately_traded(ticks.available_ns, tape.bars, tape.sessions)
    fused = np.where(in_span & traded, numbers.fused, np.nan)
    by_name["fused"] = np.where(bucket_tick >= 0, fused[bucket_tick], np.nan)
    return Forecasts(
        by_name=by_name,
        fused=fused,
        naive=numbers.naive[ticks.bucket],
        tone=numbers.tone,
        bucket_tick=bucket_tick,
    )


def _bucket_ticks(ticks: ModelTicks, history: VolHistory) -> IntArray:
    """Return the tick at which each bucket begins: its session's open, or the end of the bucket before."""
    out = np.full(len(history.buckets), -1, dtype=np.int64)
    begins = (ticks.kind == TickKind.SESSION_OPEN) | (ticks.kind == TickKind.BUCKET_END)
    begins &= ticks.available_ns == history.buckets.open_ns[ticks.bucket]
    out[ticks.bucket[begins]] = np.flatnonzero(begins)
    return out


@dataclass(frozen=True)
class PlacedOrders:
    """The decisions that are worth an order, when the orders reach the market, and their fills by model.

    `rows` and `arrival_ns` have a row an order, shape (K,).
    """

    rows: IntArray
    targets: WeightFrame
    arrival_ns: IntArray
    fills: Mapping[str, FillFrame]


def place_orders(
    bars: BarFrame,
    recipe: Recipe,
    weight: FloatArray,
    decided_ns: IntArray,
    close: FloatArray,
    fill_models: Sequence[str],
) -> PlacedOrders:
    """Send the orders that `weight` asks for, and fill them.

    Parameters
    ----------
    weight, decided_ns, close : shape (M,)
        What was decided, when, and the last price that was known then.
    """
    rows, targets = settle(weight, decided_ns, recipe.rebalance_band)
    arrival_ns = targets.decided_ns + round(recipe.latency.order_ms * NS_PER_MS)
    side = order_sides(targets.weight, close[rows])
    fills = {
        model: fill_orders(bars, arrival_ns, targets.weight, side, model)
        for model in dict.fromkeys(fill_models)
    }
    return PlacedOrders(rows, targets, arrival_ns, fills)


def _trade(
    tape: Tape,
    recipe: Recipe,
    ticks: ModelTicks,
    frame: DecisionFrame,
    weight: FloatArray,
    decide_ns: IntArray,
    scope: Scope,
) -> StrategyRun:
    # one decision at a time: the next starts when the forecast is ready and the last decision is done
    decided_ns = fifo_start_nb(frame.ready_ns, decide_ns, WORKERS) + decide_ns
    models = (recipe.fill, *scope.fill_models)
    placed = place_orders(tape.bars, recipe, weight, decided_ns, frame.close, models)
    ordered_ns = np.full(len(frame), NOT_SENT, dtype=np.int64)
    filled_ns = ordered_ns.copy()
    filled = placed.fills[recipe.fill]
    # orders after the last bar never fill; they were sent all the same, and the ledger keeps them unfilled
    ordered_ns[placed.rows] = placed.arrival_ns
    filled_ns[placed.rows[: len(filled)]] = filled.filled_ns
    is_model = frame.kind != TickKind.BAR
    ledger = LatencyLedger(
        kind=ticks.kind,
        available_ns=ticks.available_ns,
        queued_ns=ticks.available_ns,
        started_ns=ticks.started_ns,
        scored_ns=ticks.scored_ns,
        forecast_ns=ticks.forecast_ns,
        decided_ns=decided_ns[is_model],
        ordered_ns=ordered_ns[is_model],
        filled_ns=filled_ns[is_model],
    )
    return StrategyRun(weight, placed.targets, decided_ns, decide_ns, placed.fills, ledger)
