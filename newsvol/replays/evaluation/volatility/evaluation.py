"""The evaluation: a tape in; losses, tests, cuts and placebos out."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray
from newsvol.engine.errors import InputError, TapeError
from newsvol.engine.frames import SessionFrame
from newsvol.engine.progress import OnProgress, silent
from newsvol.replays.evaluation.statistics import CONFIDENCE, model_confidence_set
from newsvol.replays.evaluation.volatility.cuts import CutRow, cut_losses, label_buckets
from newsvol.replays.evaluation.volatility.forecasts import (
    Lineup,
    chosen_names,
    forecast_all,
    prior_of_rows,
    read_news,
    usable,
)
from newsvol.replays.evaluation.volatility.placebos import SHUFFLES, NewsComparison, NewsStudy, study_news
from newsvol.replays.evaluation.volatility.scores import ConfidenceSet, Scoreboard, score_models
from newsvol.replays.evaluation.volatility.spans import MIN_BUCKETS, Span, choose_span
from newsvol.replays.runs.schema import ExogenousPart, PriorPart, finite
from newsvol.replays.simulation.events import planned_on, schedule_for
from newsvol.replays.simulation.exogenous import describe_exogenous
from newsvol.replays.simulation.prior import (
    choose_prior,
    measure_tape,
    recipe_prior,
    what_helps,
)
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.tapes.empty_sessions import empty_sessions, require_traded
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.news.novelty import novelty_weights, relevant
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.intervals import Coverage, measure_coverage
from newsvol.signals.volatility.schedule import Schedule


@dataclass(frozen=True)
class Request:
    """What to evaluate.

    Attributes
    ----------
    forecasters : tuple of str
        None named: every one.
    first, last : date, optional
        Local days of the test span: the recipe's span where they are not given, and without a first day the
        last third of the buckets.
    schedule : Schedule, optional
        Scheduled events, known ahead, for the forecasters that use them and the cut by event day.
        Without it, the recipe's, or the shipped ones where the recipe leaves it to the tape.
    with_events : bool
        Use any at all.
    shuffles : int
        Draws of the shuffled-news placebo.
    """

    forecasters: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    schedule: Schedule | None = None
    with_events: bool = True
    shuffles: int = SHUFFLES

    def events(self, recipe: Recipe, tape: Tape) -> Schedule | None:
        """Return the scheduled events that forecasters are given."""
        if not self.with_events:
            return None
        return self.schedule if self.schedule is not None else schedule_for(recipe, tape)


@dataclass(frozen=True)
class Evaluation:
    """Everything an evaluation found, and what it was computed from.

    Attributes
    ----------
    rows : BoolArray, shape (B,)
        The scored buckets: those of `span` on which every model has a forecast and prices moved.
    lineup : Lineup
        Every forecast, shape (B,).
    news : NewsStudy or None
    schedule : Schedule or None
        The events that forecasters were given.
    prior : PriorPart or None
        What the recipe's forecaster was shrunk towards.
    coverage : Coverage or None
        How often the 90% band around the recipe's forecaster held.
    exogenous : ExogenousPart or None
        The outside series that the regressions in logs read.
    """

    tape: Tape
    recipe: Recipe
    span: Span
    history: VolHistory
    lineup: Lineup
    rows: BoolArray
    board: Scoreboard
    cuts: tuple[CutRow, ...]
    news: NewsStudy | None
    schedule: Schedule | None = None
    prior: PriorPart | None = None
    coverage: Coverage | None = None
    exogenous: ExogenousPart | None = None

    @property
    def planned(self) -> dict[str, int]:
        """How many events of each name were planned in the test span; empty without a schedule."""
        if self.schedule is None:
            return {}
        buckets = self.history.buckets
        return planned_on(
            self.schedule, int(buckets.open_ns[self.span.first]), int(buckets.close_ns[self.span.end - 1])
        )

    @property
    def main(self) -> str:
        """The recipe's own forecaster."""
        return self.recipe.volatility.forecaster

    def as_json(self) -> dict[str, Any]:
        """Return what ``evaluation.json`` holds; what does not exist is None."""
        board, buckets = self.board, self.history.buckets.take(self.rows)
        models = {
            name: {**asdict(score), "in_confidence_set": score.in_set} for name, score in board.models.items()
        }
        found = {
            "tape_hash": self.tape.content_hash(),
            "recipe_hash": self.recipe.recipe_hash(),
            "instrument": self.tape.info.instrument,
            "synthetic": self.tape.info.synthetic,
            "span": {
                "rule": self.span.rule,
                "buckets": len(buckets),
                "of_buckets": self.span.end - self.span.first,
                "first_ns": int(buckets.open_ns[0]),
                "last_ns": int(buckets.close_ns[-1]),
            },
            "target": self.history.proxy,
            "noise_floor_qlike": board.noise_floor,
            "newey_west_lag": board.lag,
            "bootstrap_block": board.block,
            "confidence": CONFIDENCE,
            "baseline_har": board.baseline,
            "baseline_best": board.best_naive,
            "models": models,
            "cuts": [asdict(row) for row in self.cuts],
            "news": None if self.news is None else {**asdict(self.news), "pays": self.news.pays},
            "left_out": dict(self.lineup.left_out),
            "notes": list(board.notes),
            "events": None if self.schedule is None else self.planned,
            "exogenous": None if self.exogenous is None else self.exogenous.model_dump(mode="json"),
            "prior": None if self.prior is None else self.prior.model_dump(mode="json"),
            "coverage": None if self.coverage is None else asdict(self.coverage),
        }
        return dict(finite(found))


def evaluate(
    tape: Tape,
    recipe: Recipe,
    probs: FloatArray | None,
    request: Request | None = None,
    on_progress: OnProgress = silent,
    confidence_set: ConfidenceSet = model_confidence_set,
) -> Evaluation:
    """Score every forecaster on the test span of `tape`.

    Parameters
    ----------
    probs : FloatArray, shape (N, 3), or None
        Sentiment of each headline; None leaves the news out.
    request : Request, optional
        Without it every forecaster on the last third.
    confidence_set : callable
        `statistics.model_confidence_set`; where it cannot run, that becomes a note.

    Raises
    ------
    InputError
        An unknown forecaster, a day beyond the tape, headlines of another time, a tape that is too short.

    Notes
    -----
    Causal: every forecast of bucket b is made from rows before it, over the whole tape, and scored in the
    span only. Headlines count from their availability: what latency costs is the replay's to say.
    """
    chosen = request or Request()
    schedule = chosen.events(recipe, tape)
    names = chosen_names(chosen.forecasters, recipe)
    if len(tape.bars) == 0:
        raise TapeError("the tape has no bars; import one with: newsvol tape import --help")
    first, last = chosen.first or recipe.span.first, chosen.last or recipe.span.last
    recipe = choose_prior(recipe, tape, first)
    history = measure_tape(tape, recipe)
    has_prior = recipe_prior(recipe) is not None
    span = choose_span(tape, history.buckets, first, last, has_prior=has_prior)
    sessions = tape.sessions.take(
        slice(history.buckets.session[span.first], history.buckets.session[span.end - 1] + 1)
    )
    require_traded(tape.bars, sessions, f"the test span ({span.rule})")
    news = read_news(tape, probs)
    in_span = span.rows(len(history.buckets)) & usable(history.measures.rv)
    done: list[str] = []

    def on_model(name: str) -> None:
        done.append(name)
        on_progress("Forecasting", len(done), len(names) + (2 if news is not None else 0))

    lineup = forecast_all(recipe, history, names, news, in_span, schedule, on_model)
    for name in chosen.forecasters:
        if name in lineup.left_out:
            raise InputError(f"forecaster {name!r} cannot be compared: {lineup.left_out[name]}")
    rows = np.asarray(in_span & np.all([usable(variance) for variance in lineup.variance.values()], axis=0))
    if rows.sum() < MIN_BUCKETS:
        raise TapeError(
            f"the test span ({span.rule}) has {int(rows.sum())} buckets with forecasts, the tests need "
            f"{MIN_BUCKETS}; give an earlier --from, or {what_helps(recipe)}"
        )
    on_progress("Testing", 0, 1)
    board = score_models(history, lineup, rows, recipe.seed, confidence_set)
    board = replace(board, notes=(*board.notes, *_gap_notes(tape, sessions, history, span)))
    on_progress("Testing", 1, 1)
    labels = label_buckets(
        history.buckets,
        ZoneInfo(tape.info.timezone),
        None if news is None else news.available_ns,
        None if schedule is None else schedule.event_ns[schedule.planned(schedule.event_ns)],
    )
    study = _study(tape, recipe, history, lineup, rows, board.lag, chosen.shuffles, on_progress)
    cuts = tuple(cut_losses(labels, board.losses, rows))
    main = lineup.variance.get(recipe.volatility.forecaster)
    held = None if main is None else measure_coverage(history, main, rows)
    outside = describe_exogenous(recipe, history.buckets)
    return Evaluation(
        tape,
        recipe,
        span,
        history,
        lineup,
        rows,
        board,
        cuts,
        study,
        schedule=schedule,
        prior=prior_of_rows(recipe, tape, history, rows),
        coverage=held,
        exogenous=None if outside is None else ExogenousPart.model_validate(outside),
    )


def _gap_notes(tape: Tape, sessions: SessionFrame, history: VolHistory, span: Span) -> list[str]:
    """Say what the span lacks: it is not scored, and the lags of what comes after it reach across."""
    found = empty_sessions(tape.bars, sessions)
    in_span, measures = span.rows(len(history.buckets)), history.measures
    torn = in_span & (measures.n_obs > 0)
    missing, scaled = (int((torn & rows).sum()) for rows in (np.isnan(measures.rv), measures.covered < 1))
    notes = []
    if found.empty.any():
        notes.append(
            f"GAPS: {int(found.empty.sum()):,} of the {len(sessions):,} sessions of the span have no bars, "
            f"{found.longest:,} of them in a row; nothing is scored there"
        )
    if missing or scaled > missing:
        notes.append(
            f"GAPS: buckets of the span that lack more than half of their minutes and are not scored: "
            f"{missing:,}; that lack fewer, and whose measures are scaled up: {scaled - missing:,}"
        )
    return notes


def _study(
    tape: Tape,
    recipe: Recipe,
    history: VolHistory,
    lineup: Lineup,
    rows: BoolArray,
    lag: int,
    shuffles: int,
    on_progress: OnProgress,
) -> NewsStudy | None:
    main = recipe.volatility.forecaster
    if lineup.news is None or main not in lineup.variance:
        return None
    headlines = tape.news.headline.tolist()
    return study_news(
        NewsComparison(recipe, history, lineup.variance[main], rows, lag),
        main,
        lineup.news,
        novelty_weights(headlines, lineup.news.available_ns),
        relevant(headlines).astype(np.float64),
        shuffles,
        lambda count: on_progress("Shuffling the news", count, shuffles),
    )
