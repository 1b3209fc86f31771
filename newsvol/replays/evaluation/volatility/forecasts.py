"""The forecasts that are compared: naive ones, every HAR, and HAR fused with the news."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray, IntArray
from newsvol.engine.errors import InputError, TapeError
from newsvol.engine.frames import SentimentScores
from newsvol.replays.evaluation.volatility.spans import first_day
from newsvol.replays.runs.schema import ModelKind, PriorPart
from newsvol.replays.simulation.prior import describe_prior, recipe_prior, what_helps
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.session import build_forecaster, forecaster_with
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.fusion import FusionConfig, FusionForm, fit_fusion
from newsvol.signals.news.features import news_features
from newsvol.signals.sentiment import signed_score
from newsvol.signals.volatility.contract import forecast_columns, require_no_oracle
from newsvol.signals.volatility.har_specifications import SCHEDULED
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.naive import NAIVE
from newsvol.signals.volatility.protocol import FORECASTERS, WithPrior
from newsvol.signals.volatility.schedule import Schedule

RAW_HAR = "har"
FUSED_FORMS: tuple[FusionForm, ...] = ("log_linear", "weighted_sum")
NAIVE_BASELINE = "diurnal-ewma"
"""What models are compared with on a tape that is too short for raw HAR: the best naive one on minutes."""

MAX_MISSING = 0.05
"""A model that lacks a forecast for more of the test span is left out, and named: the rest would be compared
on what it happens to cover."""


@dataclass(frozen=True)
class News:
    """Headlines as the fusion reads them: sentiment, when each is known, and what each counts.

    `score`, `available_ns`, `weight` : shape (N,); ascending in time, as in the tape.
    """

    score: FloatArray
    available_ns: IntArray
    weight: FloatArray

    def features(self, buckets_open_ns: IntArray, half_lives_hours: Sequence[float]) -> FloatArray:
        """Return the features known when each bucket begins, shape (B, H * C).

        Causal: scores count from their availability; latency is charged by the replay, not here.
        """
        order = np.argsort(self.available_ns, kind="stable")
        known_ns = self.available_ns[order]
        scores = SentimentScores(np.empty((len(order), 3)), self.score[order], known_ns)
        return news_features(scores, known_ns, buckets_open_ns, half_lives_hours, self.weight[order])


@dataclass(frozen=True)
class Lineup:
    """Forecasts by name, shape (B,) each, naive ones first; `left_out` says why a name is not among them."""

    variance: Mapping[str, FloatArray]
    kind: Mapping[str, ModelKind]
    left_out: Mapping[str, str]
    news: News | None

    @property
    def reasons(self) -> dict[str, list[str]]:
        """The names that were left out, by the reason why."""
        found: dict[str, list[str]] = {}
        for name, why in self.left_out.items():
            found.setdefault(why, []).append(name)
        return found

    @property
    def baseline(self) -> str:
        """What every model is compared with: raw HAR, or a naive forecast where there is none."""
        return RAW_HAR if RAW_HAR in self.variance else NAIVE_BASELINE


def read_news(tape: Tape, probs: FloatArray | None) -> News | None:
    """Return the tape's headlines with their sentiment, or None where there is none to read.

    Raises
    ------
    TapeError
        No headline falls in the span of the bars: it cannot say anything about them.
    """
    if probs is None or len(tape.news) == 0:
        return None
    available_ns = tape.news.available_ns
    first_ns, last_ns = int(tape.bars.open_ns[0]), int(tape.bars.close_ns[-1])
    if not np.any((available_ns >= first_ns) & (available_ns < last_ns)):
        said, traded = (
            " to ".join(str(np.datetime64(int(stamp), "ns").astype("datetime64[D]")) for stamp in ends)
            for ends in ((available_ns[0], available_ns[-1]), (first_ns, last_ns))
        )
        raise TapeError(
            f"none of the {len(available_ns):,} headlines ({said}) falls in the span of the bars ({traded}); "
            "import news of the same time, or leave it out with --no-news"
        )
    return News(signed_score(probs), available_ns, np.ones(len(available_ns)))


def chosen_names(wanted: Sequence[str], recipe: Recipe) -> list[str]:
    """Return naive forecasters first, then raw HAR, then the rest; those asked for, or every one.

    Raises
    ------
    UnknownNameError
        With the nearest known name.
    """
    for name in wanted:
        FORECASTERS.factory(name)
    models = [name for name in (wanted or FORECASTERS.names()) if name not in NAIVE]
    return list(dict.fromkeys([*NAIVE, RAW_HAR, *models, recipe.volatility.forecaster]))


def forecast_all(
    recipe: Recipe,
    history: VolHistory,
    names: Sequence[str],
    news: News | None,
    span: BoolArray,
    schedule: Schedule | None = None,
    on_model: Callable[[str], None] = lambda _name: None,
) -> Lineup:
    """Run every forecaster of `names` over the whole history, and fuse the recipe's one with `news`.

    Parameters
    ----------
    span : BoolArray, shape (B,)
        The test span; a model must cover it as far as raw HAR and the recipe's forecaster do, or as the
        latter alone where it has a prior.
    schedule : Schedule, optional
        For the forecasters that use scheduled events; without it they are left out, but for the recipe's.

    Raises
    ------
    TapeError
        Nothing has a forecast in the span: the tape, or what comes before the span, is too short.
    """
    variance: dict[str, FloatArray] = {}
    left_out: dict[str, str] = {}
    for name in names:
        on_model(name)
        try:
            variance[name] = forecast_one(recipe, history, name, schedule)
        except InputError as error:
            left_out[name] = str(error)
    main = recipe.volatility.forecaster
    rules = main if recipe_prior(recipe) is not None else RAW_HAR
    covered = span & usable(variance[rules]) if rules in variance else np.zeros(len(span), np.bool_)
    if not covered.any():
        raise TapeError(
            f"the tape is too short: no HAR forecast in the test span of {int(span.sum())} buckets, and the "
            f"tape has {len(span)} in all; {what_helps(recipe)}"
        )
    if main in variance and (both := covered & usable(variance[main])).any():
        covered = both
    if news is not None and main in variance:
        features = news.features(history.buckets.open_ns, recipe.fusion.half_lives_hours)
        for form in FUSED_FORMS:
            on_model(f"fused {form}")
            variance[f"fused:{form}"] = fuse(recipe, history, variance[main], features, form)
    for name in list(variance):
        missing = float(np.mean(~usable(variance[name])[covered]))
        if missing > MAX_MISSING:
            left_out[name] = f"no forecast for {100 * missing:.0f}% of the test span"
            del variance[name]
    return Lineup(variance, {name: _kind(name) for name in variance}, left_out, news)


def forecast_one(
    recipe: Recipe, history: VolHistory, name: str, schedule: Schedule | None = None
) -> FloatArray:
    """Return the forecasts of `name` with the recipe's windows, shape (B,).

    Raises
    ------
    InputError
        `name` uses scheduled events and there are none, or it cannot be fitted on this history.
    """
    if name in SCHEDULED and schedule is None and name != recipe.volatility.forecaster:
        raise InputError("it needs scheduled events; give them with --events us, or --events FILE")
    volatility = recipe.volatility.model_copy(update={"forecaster": name})
    forecaster = forecaster_with(recipe.model_copy(update={"volatility": volatility}), schedule)
    variance = forecast_columns(name, forecaster, history)
    require_no_oracle(name, forecaster, variance, history)
    return variance


def prior_of_rows(recipe: Recipe, tape: Tape, history: VolHistory, rows: BoolArray) -> PriorPart | None:
    """Return what was a prior's in the recipe's forecasts of `rows`, shape (B,); None without one."""
    if recipe_prior(recipe) is None:
        return None
    forecaster = build_forecaster(recipe)
    if not isinstance(forecaster, WithPrior):
        return None
    share = forecaster.prior_share(history)[rows]
    found = describe_prior(recipe, tape, share, first_day(history.buckets, rows, tape))
    return None if found is None else PriorPart.model_validate(found)


def fuse(
    recipe: Recipe,
    history: VolHistory,
    base: FloatArray,
    features: FloatArray,
    form: FusionForm = "log_linear",
    gated: bool = True,
) -> FloatArray:
    """Return `base` fused with `features`, walked forward with the recipe's ridge and weight, shape (B,).

    Parameters
    ----------
    gated : bool
        Keep to the recipe's gate; without it the news counts in full, whether it pays or not.
    """
    chosen = recipe.fusion
    config = FusionConfig(form, chosen.ridge, chosen.weight, gated and chosen.gate)
    fusion = fit_fusion(config, base, history.measures.rv, features)
    return fusion.fuse(np.arange(len(base), dtype=np.int64), base, features)


def usable(variance: FloatArray) -> BoolArray:
    """Return where there is a positive, finite variance."""
    return np.asarray(np.isfinite(variance) & (variance > 0))


def _kind(name: str) -> ModelKind:
    return "naive" if name in NAIVE else "fused" if name.startswith("fused:") else "har"
