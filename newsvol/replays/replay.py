"""The whole job: tape and recipe to a finished run folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import TapeError
from newsvol.engine.latency import parse_latency
from newsvol.engine.ticks import TickFrame
from newsvol.models.cache import cache_folder
from newsvol.replays.folders import new_folder, require_writable
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.recording import Recording
from newsvol.replays.simulation.service_times import (
    DecideTimer,
    LiveForecast,
    ServiceTimes,
    measure_decide_time,
    measure_models,
    no_decide_time,
    rule_times,
)
from newsvol.replays.simulation.session import Session, build_forecaster, costs_of, model_ticks, run_session
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.sentiment import SentimentModel, score_in_bulk
from newsvol.signals.volatility.forecasters import regressions_of
from newsvol.signals.volatility.history import VolHistory, measure_history

if TYPE_CHECKING:
    from newsvol.replays.evaluation.run_metrics import SentimentFacts
    from newsvol.strategies.portfolio import PortfolioResult

OnProgress = Callable[[str, int, int], None]
"""Called with a stage, what is done of it, and what there is."""


def _silent(_stage: str, _done: int, _total: int) -> None:
    return


@dataclass(frozen=True)
class ScoredTicks:
    """What the models said at the ticks of a tape, and what it took them."""

    probs: FloatArray
    service: ServiceTimes
    decide_time: DecideTimer
    sentiment: "SentimentFacts"


def load_model(model: str, device: str) -> SentimentModel:
    """Load a sentiment model; torch and ONNX Runtime are imported only now."""
    from newsvol.models.serving.scorer import load_scorer

    return load_scorer(model, device)


LoadScorer = Callable[[str, str], SentimentModel]


def replay(
    tape: Tape,
    recipe: Recipe,
    out: Path,
    on_progress: OnProgress = _silent,
    load: LoadScorer = load_model,
) -> dict[str, Any]:
    """Replay `tape` by `recipe` into the new run folder `out`, and return its metrics.

    The folder appears whole or not at all.

    Parameters
    ----------
    on_progress : callable
        Called with a stage, what is done of it, and what there is.
    load : callable
        Gives the sentiment model for a name and a device.

    Raises
    ------
    InputError
        The tape is too short, the model or device is not there, the folder cannot be written ...
    """
    require_writable(out)
    if len(tape.bars) == 0:
        raise TapeError("the tape has no bars; import one with: newsvol tape import --help")
    history = measure_history(tape.bars, tape.sessions)
    ticks = model_ticks(tape, history)
    scored = run_models(tape, recipe, history, ticks, on_progress, load)
    names: list[str] = []

    def on_strategy(name: str) -> None:
        names.append(name)
        on_progress("Deciding", len(names), len(recipe.strategies) + 2)

    session = run_session(
        tape, recipe, history, scored.probs, scored.service, scored.decide_time, on_strategy=on_strategy
    )
    _require_forecasts(session, recipe)
    portfolios = simulate_portfolios(tape, recipe, session, on_progress)
    from newsvol.replays.evaluation.run_metrics import run_metrics
    from newsvol.replays.report.run.report import write_report
    from newsvol.replays.runs.writer import write_run

    metrics = run_metrics(tape, session, portfolios, recipe.latency.model, scored.sentiment)
    on_progress("Writing", 0, 1)
    with new_folder(out) as making:
        write_run(making, tape, recipe, session, portfolios, metrics)
        write_report(making)
    on_progress("Writing", 1, 1)
    return metrics


def run_models(
    tape: Tape,
    recipe: Recipe,
    history: VolHistory,
    ticks: TickFrame,
    on_progress: OnProgress = _silent,
    load: LoadScorer = load_model,
) -> ScoredTicks:
    """Score the headlines and find what each tick is charged, as the recipe's latency model says."""
    from newsvol.replays.evaluation.run_metrics import SentimentFacts

    latency = parse_latency(recipe.latency.model)
    texts = tape.news.headline.tolist()
    if latency.recording is not None:
        recording = Recording(latency.recording)
        facts = SentimentFacts(recipe.sentiment.model, None, "recorded", len(texts), 0)
        return ScoredTicks(recording.probs(), recording.times(ticks), recording.decide_time, facts)
    scorer = load(recipe.sentiment.model, recipe.sentiment.device) if texts else None

    facts = SentimentFacts(recipe.sentiment.model, None, "none", 0, 0)
    if scorer is not None:
        facts = SentimentFacts(scorer.name, scorer.model_hash, scorer.device, len(texts), len(texts))
    if latency.kind == "measured":
        forecaster = build_forecaster(recipe)
        live = LiveForecast(tape.bars, history, regressions_of(forecaster), tape.news.available_ns)
        stage = "Running models tick by tick"
        service, probs = measure_models(
            ticks, scorer, texts, live, lambda row: on_progress(stage, row + 1, len(ticks))
        )
        return ScoredTicks(probs, service, measure_decide_time, facts)
    probs = np.empty((0, 3))
    if scorer is not None:
        on_progress("Scoring headlines", 0, len(texts))
        probs = score_in_bulk(scorer, texts, cache_folder("scores"))
        on_progress("Scoring headlines", len(texts), len(texts))
    return ScoredTicks(probs, rule_times(latency, ticks), no_decide_time, facts)


def simulate_portfolios(
    tape: Tape, recipe: Recipe, session: Session, on_progress: OnProgress = _silent
) -> "dict[tuple[str, str], PortfolioResult]":
    """Return the portfolio of each (strategy, fill model)."""
    from newsvol.strategies.portfolio import simulate

    jobs = [(name, model) for name, run in session.strategies.items() for model in run.fills]
    portfolios = {}
    for done, (name, model) in enumerate(jobs):
        on_progress("Simulating portfolios", done, len(jobs))
        fills = session.strategies[name].fills[model]
        portfolios[name, model] = simulate(tape.bars, fills, costs_of(recipe), recipe.cash)
    on_progress("Simulating portfolios", len(jobs), len(jobs))
    return portfolios


def _require_forecasts(session: Session, recipe: Recipe) -> None:
    if not np.isfinite(session.forecasts.fused).any():
        raise TapeError(
            f"the tape is too short: {recipe.volatility.forecaster!r} needs volatility.min_window "
            f"{recipe.volatility.min_window} buckets after a warm-up of about 32 sessions, and the tape has "
            f"{len(session.history.buckets)} buckets; use a longer tape or a smaller min_window"
        )
