"""The whole job: tape and recipe to a finished run folder."""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import RecipeError, TapeError
from newsvol.engine.latency import parse_latency
from newsvol.engine.progress import OnProgress, silent
from newsvol.engine.ticks import TickFrame
from newsvol.models.cache import cache_folder
from newsvol.replays.evaluation.run_metrics import SentimentFacts, run_metrics
from newsvol.replays.folders import new_folder, require_writable
from newsvol.replays.report.run.report import write_report
from newsvol.replays.runs.reader import Run, load_run
from newsvol.replays.runs.recorded import require_recording_of
from newsvol.replays.runs.schema import RecordingPart
from newsvol.replays.runs.writer import write_run
from newsvol.replays.simulation.events import choose_events, describe_events
from newsvol.replays.simulation.exogenous import describe_exogenous
from newsvol.replays.simulation.live_pass import LiveNumbers, measure_models
from newsvol.replays.simulation.prior import choose_prior, describe_prior, measure_tape, what_helps
from newsvol.replays.simulation.recipe import Recipe, load_recipe
from newsvol.replays.simulation.recording import Recording
from newsvol.replays.simulation.service_times import Decide, ServiceTimes, decide_free, rule_times
from newsvol.replays.simulation.session import (
    Session,
    build_forecaster,
    costs_of,
    live_models,
    model_ticks,
    run_session,
    tape_of_span,
)
from newsvol.replays.tapes.empty_sessions import require_traded
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.sentiment import SentimentModel, score_in_bulk
from newsvol.signals.volatility.contract import require_no_oracle
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.protocol import LiveForecaster
from newsvol.strategies.contract import decide_live

if TYPE_CHECKING:
    from newsvol.strategies.portfolio import PortfolioResult


@dataclass(frozen=True)
class ScoredTicks:
    """What the models said at the ticks of a tape, and what it took them; and whence, if from a recording."""

    probs: FloatArray
    service: ServiceTimes
    decide: Decide
    sentiment: SentimentFacts
    live: LiveNumbers | None = None
    recording: RecordingPart | None = None


def load_model(model: str, device: str) -> SentimentModel:
    """Load a sentiment model; torch and ONNX Runtime are imported only now."""
    from newsvol.models.serving.scorer import load_scorer  # noqa: PLC0415 - a tape without news needs no model

    return load_scorer(model, device)


LoadScorer = Callable[[str, str], SentimentModel]


def replay(
    tape: Tape,
    recipe: Recipe | None = None,
    out: Path | str | None = None,
    on_progress: OnProgress = silent,
    load: LoadScorer = load_model,
    force: bool = False,
) -> Run:
    """Replay `tape` by `recipe`, and return the run.

    Parameters
    ----------
    recipe : Recipe, optional
        Without one, the shipped one.
    out : Path or str, optional
        New run folder, which appears whole or not at all. Without it the run lives in a temporary folder that
        is gone with the `Run`.
    on_progress : callable
        Called with a stage, what is done of it, and what there is.
    load : callable
        Gives the sentiment model for a name and a device. Of a recorded one only the hash is asked.
    force : bool
        Charge the recording of ``recorded:RUN`` though it is of something else (another tape, model, strategy
        ...); the manifest says of what.

    Raises
    ------
    InputError
        The tape is too short, the model or device is not there, the folder cannot be written, the recording
        is of something else, `force` is given without one ...
    TypeError
        `tape` is no `Tape`, or `recipe` no `Recipe`: both are loaded first.
    """
    if not isinstance(tape, Tape):
        raise TypeError(f"tape is {tape!r}; give a Tape, as newsvol.load_tape(folder) returns")
    if not isinstance(recipe, Recipe | None):
        raise TypeError(f"recipe is {recipe!r}; give a Recipe, as newsvol.load_recipe(file) returns")
    chosen = recipe if recipe is not None else load_recipe()
    if out is not None:
        portfolios = _replay_into(Path(out), tape, chosen, on_progress, load, force)
        return load_run(out, portfolios)
    scratch = Path(tempfile.mkdtemp(prefix="newsvol-run-"))
    try:
        portfolios = _replay_into(scratch / "run", tape, chosen, on_progress, load, force)
        run = load_run(scratch / "run", portfolios)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    weakref.finalize(run, shutil.rmtree, scratch, ignore_errors=True)
    return run


def _replay_into(
    out: Path, whole: Tape, recipe: Recipe, on_progress: OnProgress, load: LoadScorer, force: bool
) -> "dict[tuple[str, str], PortfolioResult]":
    require_writable(out)
    source = _recorded_run(recipe, force)
    recipe = choose_events(recipe, whole)
    tape = tape_of_span(whole, recipe)
    _require_bars(tape, recipe)
    recipe = choose_prior(recipe, tape)
    history = measure_tape(tape, recipe)
    outside = describe_exogenous(recipe, history.buckets)
    ticks = model_ticks(tape, history)
    tape_hash = whole.content_hash()
    if source is None:
        scored = run_models(tape, recipe, history, ticks, on_progress, load)
    else:
        recording = Recording(source.folder)
        told = require_recording_of(
            source, recording, tape, tape_hash, recipe, lambda: _model_hash(tape, recipe, load), force
        )
        scored = _charge_again(source, recording, told, tape, ticks)
    names: list[str] = []

    def on_strategy(name: str) -> None:
        names.append(name)
        on_progress("Deciding", len(names), len(recipe.strategies) + 2)

    session = run_session(
        tape,
        recipe,
        history,
        scored.probs,
        scored.service,
        scored.decide,
        on_strategy=on_strategy,
        live=scored.live,
    )
    _require_forecasts(session, recipe)
    portfolios = simulate_portfolios(tape, recipe, session, on_progress)
    first = recipe.span.first
    metrics = run_metrics(tape, session, portfolios, recipe.latency.model, scored.sentiment, first)
    if scored.live is not None and not isinstance(build_forecaster(recipe), LiveForecaster):
        metrics["latency"]["on_prefix"] = recipe.volatility.forecaster
    metrics["forecast"]["schedule"] = describe_events(recipe, tape)
    metrics["forecast"]["exogenous"] = outside
    metrics["forecast"]["prior"] = describe_prior(recipe, tape, session.forecasts.prior_share)
    on_progress("Writing", 0, 1)
    with new_folder(out) as making:
        write_run(making, tape, tape_hash, recipe, session, portfolios, metrics, scored.recording)
        write_report(making)
    on_progress("Writing", 1, 1)
    return portfolios


def _recorded_run(recipe: Recipe, force: bool) -> Run | None:
    """Return the run whose recording is to be charged, None where models run or a rule holds."""
    folder = parse_latency(recipe.latency.model).recording
    if folder is not None:
        Recording(folder)  # a folder that was never a run is told as what it lacks: a recording
        return load_run(folder)
    if force:
        raise RecipeError(
            f"force charges the recording of something else, and latency.model is {recipe.latency.model!r}; "
            "leave it out, or name the run with latency.model recorded:RUN"
        )
    return None


def _model_hash(tape: Tape, recipe: Recipe, load: LoadScorer) -> str | None:
    """Return the hash of the model that the recipe names, without the device that it would run on."""
    if len(tape.news) == 0:
        return None
    if load is not load_model:
        return load(recipe.sentiment.model, recipe.sentiment.device).model_hash
    from newsvol.models.serving.variants import open_variant  # noqa: PLC0415 - as in `load_model`

    return open_variant(recipe.sentiment.model).model_hash


def _charge_again(
    source: Run, recording: Recording, told: RecordingPart, tape: Tape, ticks: TickFrame
) -> ScoredTicks:
    """Return what was recorded, under the name and the hash of the model that said it."""
    facts = SentimentFacts(
        source.metrics.sentiment["model"], source.manifest.model_hash, "recorded", len(tape.news), 0
    )
    decide = recording.decide_anew if told.forced else recording.decide
    return ScoredTicks(recording.probs(), recording.times(ticks), decide, facts, recording=told)


def run_models(
    tape: Tape,
    recipe: Recipe,
    history: VolHistory,
    ticks: TickFrame,
    on_progress: OnProgress = silent,
    load: LoadScorer = load_model,
) -> ScoredTicks:
    """Score the headlines and find what each tick is charged, by measuring or by rule."""
    latency = parse_latency(recipe.latency.model)
    texts = tape.news.headline.tolist()
    scorer = load(recipe.sentiment.model, recipe.sentiment.device) if texts else None

    facts = SentimentFacts(recipe.sentiment.model, None, "none", 0, 0)
    if scorer is not None:
        facts = SentimentFacts(scorer.name, scorer.model_hash, scorer.device, len(texts), len(texts))
    if latency.kind == "measured":
        stage = "Running models tick by tick"
        service, probs, live = measure_models(
            ticks,
            scorer,
            texts,
            lambda: live_models(tape, recipe, history),
            lambda row: on_progress(stage, row + 1, len(ticks)),
        )
        return ScoredTicks(probs, service, decide_live, facts, live)
    probs = np.empty((0, 3))
    if scorer is not None:
        on_progress("Scoring headlines", 0, len(texts))
        probs = score_in_bulk(scorer, texts, cache_folder("scores"))
        on_progress("Scoring headlines", len(texts), len(texts))
    return ScoredTicks(probs, rule_times(latency, ticks), decide_free, facts)


def simulate_portfolios(
    tape: Tape, recipe: Recipe, session: Session, on_progress: OnProgress = silent
) -> "dict[tuple[str, str], PortfolioResult]":
    """Return the portfolio of each (strategy, fill model)."""
    from newsvol.strategies.portfolio import simulate  # noqa: PLC0415 - vectorbt takes a second

    jobs = [(name, model) for name, run in session.strategies.items() for model in run.fills]
    portfolios = {}
    for done, (name, model) in enumerate(jobs):
        on_progress("Simulating portfolios", done, len(jobs))
        fills = session.strategies[name].fills[model]
        portfolios[name, model] = simulate(tape.bars, fills, costs_of(recipe), recipe.cash)
    on_progress("Simulating portfolios", len(jobs), len(jobs))
    return portfolios


def _require_bars(tape: Tape, recipe: Recipe) -> None:
    """Refuse a span that is mostly empty: neither the warm-up before it nor the days after it count."""
    first = recipe.span.first
    begins_ns = tape.sessions.open_ns[0] if first is None else tape.day_start_ns(first)
    require_traded(tape.bars, tape.sessions.take(tape.sessions.open_ns >= begins_ns), "the span")


def _require_forecasts(session: Session, recipe: Recipe) -> None:
    name = recipe.volatility.forecaster
    require_no_oracle(name, build_forecaster(recipe), session.forecasts.by_name[name], session.history)
    if not np.isfinite(session.forecasts.fused).any():
        raise TapeError(
            f"the tape is too short: {name!r} makes no forecast on its {len(session.history.buckets)} "
            f"buckets; {what_helps(recipe)}"
        )
