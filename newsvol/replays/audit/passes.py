"""The passes of an audit: live, as columns, and single rows asked for again. Each runs in its own process."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import cached_property

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import LookAheadError
from newsvol.engine.frames import DecisionFrame, SentimentScores
from newsvol.engine.latency import parse_latency
from newsvol.engine.plug_ins import is_own
from newsvol.engine.ticks import TickKind
from newsvol.replays.audit.observation import Observation, Series
from newsvol.replays.simulation.decisions import ModelTicks
from newsvol.replays.simulation.live_pass import LiveNumbers, forecast_live
from newsvol.replays.simulation.prior import measure_tape
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.service_times import rule_times
from newsvol.replays.simulation.session import (
    NAIVE_TRADED,
    DecisionFrames,
    Forecasts,
    build_forecaster,
    charge,
    forecast_ticks,
    forecasts_of_live,
    lineup,
    live_models,
    model_ticks,
    place_orders,
)
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.sentiment import signed_score
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.live import LiveHistory
from newsvol.signals.volatility.protocol import LiveForecaster
from newsvol.strategies.contract import decide_columns, decide_rows, is_own_strategy
from newsvol.strategies.events import as_walk
from newsvol.strategies.orders import settle
from newsvol.strategies.protocol import Strategy

FORECAST_COLUMNS = ("variance", "session_vol", "annual_vol")
"""Columns of a decision frame that come of the forecast."""

MAX_ROWS_HANDED = 30_000_000
"""Rows that a strategy may be handed in all in a live pass; with a long lookback some rows are left out."""


class Passes:
    """Everything that a pass needs, and what it says.

    Parameters
    ----------
    tape : Tape
        Cut to the recipe's span.
    probs : FloatArray, shape (N, 3)
        Sentiment of each headline.
    hours_per_year : float
        Trading hours in a year of the tape's calendar.
    """

    def __init__(self, tape: Tape, recipe: Recipe, probs: FloatArray, hours_per_year: float) -> None:
        self.tape, self.recipe, self._hours_per_year = tape, recipe, hours_per_year
        self._history: VolHistory = measure_tape(tape, recipe)
        service = rule_times(parse_latency(recipe.latency.model), model_ticks(tape, self._history))
        self._ticks: ModelTicks = charge(tape, self._history, service)
        self._score = signed_score(probs)
        headlines = self._ticks.kind == TickKind.HEADLINE
        self._scores = SentimentScores(probs, self._score, self._ticks.scored_ns[headlines])

    def live(self, on_progress: Callable[[int, int], None]) -> Observation:
        """Walk forward in time: every tick and bucket is given its past; nothing is computed as columns."""
        total = len(self._ticks)
        numbers = forecast_live(
            self._ticks,
            self._score,
            live_models(self.tape, self.recipe, self._history),
            lambda row: on_progress(row, total),
        )
        forecasts = forecasts_of_live(self.tape, self.recipe, self._history, self._ticks, numbers)
        # positions are sized on these too
        self._history = replace(self._history, diurnal=numbers.diurnal, night_share=numbers.night_share)
        series = [*self._of_forecasts(forecasts), *self._of_calendar()]
        facts = {}
        for part, strategy, frame in self._strategies(forecasts):
            rows = _rows_asked(strategy, frame)
            weight, _ = decide_rows(_name(part), as_walk(strategy, len(frame)), frame, rows)
            series.append(_weights(part, strategy, frame.take(rows), weight))
            if len(rows) == len(frame):
                series.append(self._sent(series[-1]))
            facts[part] = {"lookback": strategy.lookback, "rows": len(rows), "of": len(frame)}
        return Observation(tuple(series), facts=facts)

    def columns(self, live: Observation | None) -> Observation:
        """Compute everything as columns.

        Parameters
        ----------
        live : Observation or None
            Of the live pass: strategies are then asked about its forecasts, so that one who leaks is not
            taken for another.
        """
        series = [*self._of_forecasts(self._own_forecasts), *self._of_calendar()]
        forecasts = self._own_forecasts if live is None else self._forecasts_of(live)
        for part, strategy, frame in self._strategies(forecasts):
            weight = decide_columns(_name(part), strategy, frame)
            series.append(_weights(part, strategy, frame, weight))
            if live is not None:
                series[-1] = series[-1].take(_rows_asked(strategy, frame))
            series.append(self._sent(series[-1]))
        if live is None:
            series += [*self._of_history(), *self._of_frames(forecasts)]
        return Observation(tuple(series))

    def ask_again(self, live: Observation, part: str, row: int) -> dict[str, float]:
        """Ask a part for one row, with its lookback and with its whole past, where nothing was asked before.

        Returns
        -------
        dict
            ``short``: what it says of the rows that it says it needs; ``whole``: of all rows up to this one;
            ``own_step``: whether a forecaster has a live step.
        """
        kind, _, name = part.partition(" ")
        if kind == "forecaster":
            chosen = build_forecaster(self.recipe)
            own_step = float(isinstance(chosen, LiveForecaster))
            short = float(np.asarray(chosen.forecast(self._known_before(row).read_only()))[-1])
            return {"short": short, "own_step": own_step}
        forecasts = self._forecasts_of(live)
        for one, strategy, frame in self._strategies(forecasts):
            if one != part:
                continue
            at = int(_rows_asked(strategy, frame)[row])
            with_lookback, _ = decide_rows(name, strategy, frame, np.array([at]))
            whole = decide_columns(name, strategy, frame.take(slice(at + 1)))
            return {"short": float(with_lookback[0]), "whole": float(whole[-1])}
        raise KeyError(part)

    def _known_before(self, row: int) -> VolHistory:
        """Return what was known when bucket `row` began."""
        past = self._history
        grown = LiveHistory(self.tape.bars, past.buckets, past.proxy, past.prior)
        for _ in range(row):
            grown.next_bucket()
            grown.measure_next()
        return grown.next_bucket()

    @cached_property
    def _own_forecasts(self) -> Forecasts:
        """The forecasts as columns, computed once."""
        return forecast_ticks(self.tape, self.recipe, self._history, self._ticks, self._scores)

    def _forecasts_of(self, live: Observation) -> Forecasts:
        numbers = LiveNumbers(
            live.of(self._forecaster_part(), "variance").values,
            live.of(f"forecaster {NAIVE_TRADED} beside", "variance").values,
            self._history.diurnal,
            self._history.night_share,
            live.of("fused forecast", "variance").values,
            live.of("news", "tone").values,
        )
        return forecasts_of_live(self.tape, self.recipe, self._history, self._ticks, numbers)

    def _of_forecasts(self, forecasts: Forecasts) -> list[Series]:
        begins_ns, ticks = self._history.buckets.open_ns, self._ticks
        name = self.recipe.volatility.forecaster
        own = is_own(build_forecaster(self.recipe))
        return [
            Series(self._forecaster_part(), "variance", begins_ns, forecasts.by_name[name], own),
            Series(
                f"forecaster {NAIVE_TRADED} beside",
                "variance",
                begins_ns,
                forecasts.by_name[NAIVE_TRADED],
                exact=True,
            ),
            Series("fused forecast", "variance", ticks.forecast_ns, forecasts.fused, own),
            Series("news", "tone", ticks.forecast_ns, forecasts.tone, exact=True),
        ]

    def _sent(self, weights: Series) -> Series:
        """Return which decisions are worth an order: a weight that rounds apart may not send another one."""
        rows, _ = settle(weights.values, weights.known_ns, self.recipe.rebalance_band)
        sent = np.zeros(len(weights.values))
        sent[rows] = 1.0
        return Series(weights.part, "order", weights.known_ns, sent, exact=True)

    def _of_calendar(self) -> list[Series]:
        history, begins_ns = self._history, self._history.buckets.open_ns
        begun = {"diurnal": history.diurnal, "night share": history.night_share}
        return [Series("history", name, begins_ns, values, exact=True) for name, values in begun.items()]

    def _of_history(self) -> list[Series]:
        measures, ends_ns = self._history.measures, self._history.buckets.close_ns
        ended = {"rv": measures.rv, "covered": measures.covered}
        return [Series("history", name, ends_ns, values, exact=True) for name, values in ended.items()]

    def _of_frames(self, forecasts: Forecasts) -> list[Series]:
        """Return what strategies are handed besides the forecast: newsvol's own, audited like others."""
        series, seen = [], set()
        own = is_own(build_forecaster(self.recipe))
        for _, strategy, frame in self._strategies(forecasts):
            kind = "frame of every bar" if strategy.every_bar else "frame"
            if kind in seen:
                continue
            seen.add(kind)
            for column in fields(DecisionFrame):
                values = getattr(frame, column.name).astype(np.float64)
                exact = own or column.name not in FORECAST_COLUMNS
                series.append(Series(kind, column.name, frame.ready_ns, values, exact))
        return series

    def _forecaster_part(self) -> str:
        return f"forecaster {self.recipe.volatility.forecaster}"

    def _strategies(self, forecasts: Forecasts) -> Iterator[tuple[str, Strategy, DecisionFrame]]:
        frames = DecisionFrames(self.tape, self._history, self._ticks, forecasts, self._hours_per_year)
        for name, (strategy, on_naive) in lineup(self.recipe).items():
            yield f"strategy {name}", strategy, frames.of(strategy, on_naive=on_naive)


def fills_of(tape: Tape, recipe: Recipe, weights: Series) -> list[Series]:
    """Return price and time of the fills that decisions lead to; each is known when it is filled.

    Raises
    ------
    LookAheadError
        An order fills before it is sent, or in a bar that was over by then.
    """
    last = np.searchsorted(tape.bars.close_ns, weights.known_ns, side="right") - 1
    close = np.where(last >= 0, tape.bars.close[np.maximum(last, 0)], np.nan)
    placed = place_orders(tape.bars, recipe, weights.values, weights.known_ns, close, (recipe.fill,))
    fills = placed.fills[recipe.fill]
    sent_ns = placed.arrival_ns[: len(fills)]
    early = (fills.filled_ns < sent_ns) | (tape.bars.close_ns[fills.bar] <= sent_ns)
    if early.any():
        raise LookAheadError(f"{weights.part}: an order fills before it is sent, or in a bar that was over")
    return [
        Series(weights.part, "fill price", fills.filled_ns, fills.price, exact=True),
        Series(weights.part, "fill time", fills.filled_ns, fills.filled_ns.astype(np.float64), exact=True),
    ]


def _name(part: str) -> str:
    return part.partition(" ")[2]


def _weights(part: str, strategy: Strategy, frame: DecisionFrame, weight: FloatArray) -> Series:
    return Series(part, "weight", frame.ready_ns, weight, is_own_strategy(strategy))


def _rows_asked(strategy: Strategy, frame: DecisionFrame) -> IntArray:
    """Return the rows that a live pass asks about: all, or evenly spread ones where that is too much."""
    rows = len(frame)
    handed = rows * min(strategy.lookback, rows)
    if handed <= MAX_ROWS_HANDED or as_walk(strategy, rows) is not strategy:
        return np.arange(rows)
    asked = max(MAX_ROWS_HANDED // min(strategy.lookback, rows), 500)
    return np.unique(np.linspace(0, rows - 1, asked).astype(np.int64))
