"""A sweep over windows, ridges and half-lives that cannot see the span it is judged on.

Settings are chosen on a validation span just before the test span, on a tape that is cut off where the test
span begins; then the chosen one, and no other, is scored on the test span.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray
from newsvol.engine.errors import InputError, TapeError
from newsvol.engine.progress import OnProgress, silent
from newsvol.replays.evaluation.statistics import DieboldMariano, diebold_mariano, newey_west_lag
from newsvol.replays.evaluation.volatility.evaluation import Request
from newsvol.replays.evaluation.volatility.forecasts import (
    NAIVE_BASELINE,
    RAW_HAR,
    News,
    forecast_one,
    fuse,
    prior_of_rows,
    read_news,
    usable,
)
from newsvol.replays.evaluation.volatility.spans import MIN_BUCKETS, Span, choose_span
from newsvol.replays.runs.schema import PriorPart
from newsvol.replays.simulation.prior import (
    choose_prior,
    measure_tape,
    recipe_prior,
    what_helps,
)
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.news.features import HALF_LIVES_HOURS
from newsvol.signals.volatility.har import WINDOW
from newsvol.signals.volatility.history import VolHistory, measure_history
from newsvol.signals.volatility.losses import forecast_losses, qlike
from newsvol.signals.volatility.protocol import FORECASTERS
from newsvol.signals.volatility.schedule import Schedule

HalfLives = tuple[float, ...]


@dataclass(frozen=True)
class Grid:
    """What is tried: each forecaster and window alone, and with news at each ridge and set of half-lives.

    Attributes
    ----------
    windows : tuple of int
        Buckets in the fitting window.
    ridges : tuple of float
        Rows of evidence for no effect of the news.
    half_lives_hours : tuple of tuple of float
    """

    windows: tuple[int, ...] = (500, 1000, WINDOW)
    ridges: tuple[float, ...] = (30.0, 100.0, 300.0, 1000.0)
    half_lives_hours: tuple[HalfLives, ...] = (HALF_LIVES_HOURS, (1.0, 4.0), (1.0,), (4.0,), (24.0,))

    def __post_init__(self) -> None:
        numbers = [
            *self.windows,
            *self.ridges,
            *(hours for lives in self.half_lives_hours for hours in lives),
        ]
        if not self.windows or min(numbers) <= 0:
            raise InputError("a sweep needs a window, and windows, ridges and half-lives above zero")


@dataclass(frozen=True)
class Settings:
    """One point of the grid; `ridge` and `half_lives_hours` are None for HAR alone."""

    forecaster: str
    window: int
    ridge: float | None = None
    half_lives_hours: HalfLives | None = None

    def applied_to(self, recipe: Recipe) -> Recipe:
        """Return `recipe` with these settings."""
        volatility = recipe.volatility.model_copy(
            update={
                "forecaster": self.forecaster,
                "window": self.window,
                "min_window": min(self.window, recipe.volatility.min_window),
            }
        )
        fusion = recipe.fusion.model_copy(update={"form": "none"})
        if self.ridge is not None:
            changed = {"form": "log_linear", "ridge": self.ridge, "half_lives_hours": self.half_lives_hours}
            fusion = recipe.fusion.model_copy(update=changed)
        return recipe.model_copy(update={"volatility": volatility, "fusion": fusion})


@dataclass(frozen=True)
class SweepTrial:
    """Settings and their QLIKE on the validation span."""

    settings: Settings
    qlike: float


@dataclass(frozen=True)
class SweepResult:
    """Every trial, and the chosen one on the test span.

    Attributes
    ----------
    trials : tuple of SweepTrial
        In the order of the grid; none is left out.
    validation_buckets, test_buckets : int
        Buckets that were scored.
    test : dict
        Losses of the chosen settings on the test span (`losses.forecast_losses`).
    har_qlike : float
        `baseline` with the recipe's windows on the same buckets; `dm_har` tests against it.
    baseline : str
        Raw HAR, or a naive forecast on a tape that is too short for it.
    prior : PriorPart or None
        What the forecasts on the test span were shrunk towards.
    """

    trials: tuple[SweepTrial, ...]
    span: Span
    validation_buckets: int
    test_buckets: int
    test: dict[str, float]
    har_qlike: float
    dm_har: DieboldMariano
    baseline: str = RAW_HAR
    prior: PriorPart | None = None

    @property
    def ranked(self) -> list[SweepTrial]:
        """The trials, the best on the validation span first; of equals, the first tried."""
        return sorted(self.trials, key=lambda trial: trial.qlike)

    @property
    def chosen(self) -> SweepTrial:
        """The trial that was scored on the test span."""
        return self.ranked[0]

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON takes it."""
        return {
            "trials": len(self.trials),
            "validation_buckets": self.validation_buckets,
            "chosen": {**asdict(self.chosen.settings), "validation_qlike": self.chosen.qlike},
            "test": {
                "rule": self.span.rule,
                "buckets": self.test_buckets,
                **self.test,
                "har_qlike": self.har_qlike,
                "dm_har": asdict(self.dm_har),
                "baseline": self.baseline,
            },
            "prior": None if self.prior is None else self.prior.model_dump(mode="json"),
            "tried": [{**asdict(trial.settings), "validation_qlike": trial.qlike} for trial in self.trials],
        }


def sweep(
    tape: Tape,
    recipe: Recipe,
    probs: FloatArray | None,
    request: Request | None = None,
    grid: Grid | None = None,
    on_progress: OnProgress = silent,
) -> SweepResult:
    """Choose settings on the validation span, and score them once on the test span.

    The test span is that of `evaluate`; the validation span is as many buckets just before it.

    Parameters
    ----------
    probs : FloatArray, shape (N, 3), or None
        Sentiment of each headline; None sweeps HAR alone.
    request : Request, optional
        Forecasters (none named: the recipe's) and days of the test span.

    Raises
    ------
    InputError
        As `evaluate`; or the validation span has too few forecasts.

    Notes
    -----
    Causal, and blind: trials run on a tape without the test span, so nothing in it can sway the choice.
    """
    span_request, tried = request or Request(), grid or Grid()
    names = span_request.forecasters or (recipe.volatility.forecaster,)
    for name in names:
        FORECASTERS.factory(name)
    if len(tape.bars) == 0:
        raise TapeError("the tape has no bars; import one with: newsvol tape import --help")
    schedule = span_request.events(recipe, tape)
    recipe = choose_prior(recipe, tape, span_request.first or recipe.span.first)
    history = measure_tape(tape, recipe)
    span = choose_span(
        tape, history.buckets, span_request.first or recipe.span.first, span_request.last or recipe.span.last
    )
    news = read_news(tape, probs)
    cut_ns = int(history.buckets.open_ns[min(span.first, len(history.buckets) - 1)])
    before = _history_before(tape, recipe, cut_ns)
    blind = TrialForecasts(recipe, before, _news_before(news, cut_ns), schedule)
    trials, count = _try_all(blind, settings_of(names, tried, blind.news is not None), span, on_progress)
    chosen = min(trials, key=lambda trial: trial.qlike)
    final = TrialForecasts(recipe, history, news, schedule).forecast(chosen.settings)
    realized = history.measures.rv
    in_span = span.rows(len(realized)) & usable(realized) & usable(final)
    baseline, har = RAW_HAR, forecast_one(recipe, history, RAW_HAR)
    if recipe_prior(recipe) is not None and not (in_span & usable(har)).any():
        baseline, har = NAIVE_BASELINE, forecast_one(recipe, history, NAIVE_BASELINE)
    rows = np.asarray(in_span & usable(har))
    _require(rows, "test", recipe)
    har_loss = qlike(realized[rows], har[rows])
    lag = newey_west_lag(len(har_loss), history.buckets.n_slots)
    return SweepResult(
        trials=trials,
        span=span,
        validation_buckets=count,
        test_buckets=int(rows.sum()),
        test=forecast_losses(realized[rows], final[rows]),
        har_qlike=float(har_loss.mean()),
        dm_har=diebold_mariano(har_loss, qlike(realized[rows], final[rows]), lag),
        baseline=baseline,
        prior=prior_of_rows(recipe, tape, history, rows),
    )


@dataclass(frozen=True)
class TrialForecasts:
    """Forecasts any settings on one history, and remembers what settings share."""

    recipe: Recipe
    history: VolHistory
    news: News | None
    schedule: Schedule | None = None
    _bases: dict[tuple[str, int], FloatArray] = field(default_factory=dict)
    _features: dict[HalfLives, FloatArray] = field(default_factory=dict)

    def forecast(self, settings: Settings) -> FloatArray:
        """Return the forecasts of `settings`, shape (B,)."""
        recipe, key = settings.applied_to(self.recipe), (settings.forecaster, settings.window)
        if key not in self._bases:
            self._bases[key] = forecast_one(recipe, self.history, settings.forecaster, self.schedule)
        lives = settings.half_lives_hours
        if self.news is None or lives is None:
            return self._bases[key]
        if lives not in self._features:
            self._features[lives] = self.news.features(self.history.buckets.open_ns, lives)
        return fuse(recipe, self.history, self._bases[key], self._features[lives])


def settings_of(names: Sequence[str], grid: Grid, with_news: bool) -> list[Settings]:
    """Return the grid, HAR alone before HAR with news: of equals, the simpler is chosen."""
    alone = [Settings(name, window) for name, window in product(names, grid.windows)]
    fused = product(names, grid.windows, grid.ridges, grid.half_lives_hours)
    return [*alone, *(Settings(*point) for point in fused)] if with_news else alone


def _history_before(tape: Tape, recipe: Recipe, cut_ns: int) -> VolHistory:
    """Return the history as it was at `cut_ns`; its rows are the first rows of the whole one."""
    bars, sessions = tape.bars, tape.sessions
    return measure_history(
        bars.take(bars.close_ns <= cut_ns),
        sessions.take(sessions.open_ns < max(cut_ns, sessions.open_ns[0] + 1)),
        recipe_prior(recipe),
        recipe.volatility.measure,
    )


def _news_before(news: News | None, cut_ns: int) -> News | None:
    if news is None:
        return None
    known = news.available_ns <= cut_ns
    return News(news.score[known], news.available_ns[known], news.weight[known]) if known.any() else None


def _try_all(
    trial_forecasts: TrialForecasts, points: Sequence[Settings], span: Span, on_progress: OnProgress
) -> tuple[tuple[SweepTrial, ...], int]:
    """Return every trial, all scored on the same buckets, and how many buckets those are."""
    forecasts: list[FloatArray] = []
    for done, settings in enumerate(points):
        on_progress("Trying settings", done, len(points))
        forecasts.append(trial_forecasts.forecast(settings))
    on_progress("Trying settings", len(points), len(points))
    realized = trial_forecasts.history.measures.rv
    place = np.arange(len(realized))
    rows = (place >= max(2 * span.first - span.end, 0)) & (place < span.first) & usable(realized)
    rows = np.asarray(rows & np.all([usable(forecast) for forecast in forecasts], axis=0))
    _require(rows, "validation", trial_forecasts.recipe)
    losses = (float(qlike(realized[rows], forecast[rows]).mean()) for forecast in forecasts)
    pairs = zip(points, losses, strict=True)
    return tuple(SweepTrial(settings, loss) for settings, loss in pairs), int(rows.sum())


def _require(rows: BoolArray, which: str, recipe: Recipe) -> None:
    if rows.sum() < MIN_BUCKETS:
        raise TapeError(
            f"the {which} span has {int(rows.sum())} buckets with forecasts, a sweep needs {MIN_BUCKETS}; "
            f"give another --from, or {what_helps(recipe)}"
        )
