"""Recipes: everything about a replay that is chosen, in one checked YAML file."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import fields, is_dataclass
from datetime import date
from html import escape
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, model_validator

from newsvol.engine.errors import InputError, RecipeError, UnknownNameError, first_line, nearest
from newsvol.engine.fills import FILL_MODELS
from newsvol.engine.hashes import input_hash, text_hash
from newsvol.engine.latency import parse_latency
from newsvol.engine.plug_ins import PlugIn
from newsvol.engine.registry import Registry
from newsvol.models.config import Config, Content, checked, merged, parse_yaml, read_yaml, require_keys
from newsvol.replays.tapes.exogenous import Available, load_exogenous
from newsvol.replays.tapes.schedules import US, load_schedule, schedule_file, us_events
from newsvol.signals.fusion import RIDGE, WEIGHT, FusionForm
from newsvol.signals.news.features import HALF_LIVES_HOURS
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.exogenous import ExogenousColumn, Transform
from newsvol.signals.volatility.har import MIN_WINDOW, WINDOW
from newsvol.signals.volatility.har_specifications import IN_LOGS, SCHEDULED, WITH_PRIOR
from newsvol.signals.volatility.history import Measure
from newsvol.signals.volatility.prior import prior_file, read_prior
from newsvol.strategies.builtin import STRATEGIES
from newsvol.strategies.contract import require_strategy
from newsvol.strategies.protocol import Strategy

HINT = "start from: newsvol replay --print-recipe"


HalfLife = Annotated[float, Field(gt=0, le=24 * 365, allow_inf_nan=False)]

MAX_ORDER_MS = 86_400_000.0
"""A day: an order that takes longer is a mistake."""


class SpanSection(Config):
    """The days that are forecast and traded; what lies before `first` is the warm-up.

    Both are days on the exchange's clock, and included; None is the tape's own end.
    """

    first: date | None = None
    last: date | None = None

    @model_validator(mode="after")
    def _runs_forward(self) -> "SpanSection":
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError(f"last {self.last} is before first {self.first}")
        return self


class SentimentSection(Config):
    """Which model scores the headlines, and where."""

    model: str = "student"
    device: Literal["auto", "cpu", "cuda"] = "auto"


class ExogenousSection(Config):
    """A series from outside the tape, as a column of the regressions; see `signals.volatility.exogenous`.

    `available` says when a value is known: 15 minutes after the close of its day on `calendar`, at the open
    of its day, or at the stamp that the file has. `file_hash` is written down when the recipe is read.
    """

    file: Path
    column: str = Field(min_length=1)
    transform: Transform = "log_level"
    available: Available = "close"
    calendar: str = "XNYS"
    file_hash: str | None = None


class VolatilitySection(Config):
    """Which forecaster is traded, its windows in buckets, and the schedule of events that it may use.

    `events` is a file, ``us`` for the shipped schedule, ``none``, or ``auto``: ``us`` on a real tape of a US
    exchange, ``none`` on any other. `prior` is what a short tape is shrunk towards: a file, ``us`` for the
    shipped one, ``none``, or ``auto``; see `simulation.prior.choose_prior`. `events_hash` and `prior_hash`
    are those of the files, written down as soon as they are chosen. `measure` is what is forecast: ``rv``, or
    ``truncated_rv``, which leaves bad prints out. With `outlier_bound` a bucket counts in the regressions
    in logs as at most so many times its trailing mean, and as no less than that part of it.
    """

    forecaster: str = "log-har-p"
    window: int = Field(WINDOW, gt=0)
    min_window: int = Field(MIN_WINDOW, gt=0)
    events: Literal["auto", "us", "none"] | Path = "auto"
    event_names: tuple[str, ...] = ()
    events_hash: str | None = None
    exogenous: ExogenousSection | None = None
    prior: Literal["auto", "us", "none"] | Path = "auto"
    prior_hash: str | None = None
    measure: Measure = "rv"
    outlier_bound: float | None = Field(None, gt=1, allow_inf_nan=False)


NO_EVENTS: Mapping[str, Any] = {"events": "auto", "event_names": (), "events_hash": None}
NO_PRIOR: Mapping[str, Any] = {"prior": "auto", "prior_hash": None}
AS_MEASURED: Mapping[str, Any] = {"measure": "rv", "outlier_bound": None}
"""What a recipe does not say where it was not asked."""


class FusionSection(Config):
    """How the news is joined; see `signals.fusion.FusionConfig`."""

    form: FusionForm = "log_linear"
    ridge: float = Field(RIDGE, gt=0, allow_inf_nan=False)
    weight: float = Field(WEIGHT, ge=0, le=1)
    gate: bool = True
    half_lives_hours: tuple[HalfLife, ...] = Field(HALF_LIVES_HOURS, min_length=1)


class LatencySection(Config):
    """Where service times come from, and how long an order travels."""

    model: str = "measured"
    order_ms: float = Field(ge=0, le=MAX_ORDER_MS, allow_inf_nan=False)


class CostsSection(Config):
    """Trading costs; none has a default, so that none is zero by accident."""

    commission_bps: float = Field(ge=0)
    half_spread_bps: float = Field(ge=0)
    slippage_bps: float = Field(ge=0)


class Recipe(Config):
    """A replay's choices."""

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")
    seed: int = Field(7, ge=0)
    span: SpanSection = SpanSection()
    sentiment: SentimentSection = SentimentSection()
    volatility: VolatilitySection = VolatilitySection()
    fusion: FusionSection = FusionSection()
    latency: LatencySection
    fill: str = "bridge"
    costs: CostsSection
    cash: float = Field(1_000_000.0, gt=0)
    rebalance_band: float = Field(0.05, ge=0, lt=1)
    strategies: tuple[dict[str, Any], ...] = Field(min_length=1)

    def to_yaml(self) -> str:
        """Return the recipe with every default written out."""
        return yaml.safe_dump(self._plain(), sort_keys=False)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.to_yaml())}</pre>"

    def recipe_hash(self) -> str:
        """Return ``sha256:...`` of what the recipe means, whatever its comments and order.

        Of the files that it names the contents count, not where they lie.
        """
        plain = self._plain()
        for file in ("events", "prior"):
            plain["volatility"].pop(file, None)
        plain["volatility"].get("exogenous", {}).pop("file", None)
        return text_hash(json.dumps(plain, sort_keys=True))

    def _plain(self) -> Content:
        plain: Content = json.loads(self.model_dump_json())
        for unasked in (NO_EVENTS, NO_PRIOR, AS_MEASURED):
            if self.volatility == self.volatility.model_copy(update=unasked):
                for key in unasked:
                    del plain["volatility"][key]
        if self.volatility.exogenous is None:
            del plain["volatility"]["exogenous"]
        if self.span == SpanSection():
            del plain["span"]
        return plain

    def with_changes(
        self,
        latency: str | None = None,
        strategies: tuple[str, ...] = (),
        changes: Mapping[str, Any] | None = None,
    ) -> "Recipe":
        """Return the recipe with another latency model, only the named strategies, or other keys changed.

        A named strategy keeps the parameters that the recipe gives it.

        Parameters
        ----------
        changes : mapping of dotted key to value
            See `change_keys`.

        Raises
        ------
        RecipeError
            What comes out is no recipe.
        """
        content = change_keys(self.model_dump(), changes or {}, "command line")
        if latency is not None:
            content["latency"]["model"] = latency
        if strategies:
            given = {entry["name"]: entry for entry in content["strategies"]}
            content["strategies"] = [given.get(name, {"name": name}) for name in strategies]
        return parse_recipe(content, "command line")

    def build_strategies(self) -> dict[str, Strategy]:
        """Return the strategies by name, in the recipe's order."""
        return {str(entry.get("name")): _build_strategy(entry) for entry in self.strategies}

    def plug_ins(self) -> dict[str, PlugIn]:
        """Return the strategies and forecasters of other packages, as ``strategy NAME``."""
        named: list[tuple[Registry[Any], str]] = [(FORECASTERS, self.volatility.forecaster)]
        named += [(STRATEGIES, str(entry.get("name"))) for entry in self.strategies]
        found = {f"{registry.kind} {name}": registry.plug_in(name) for registry, name in named}
        return {what: plug_in for what, plug_in in found.items() if plug_in is not None}


def default_recipe_text() -> str:
    """Return the shipped recipe, comments and all."""
    shipped = resources.files("newsvol.replays.simulation").joinpath("recipes/default.yaml")
    return shipped.read_text(encoding="utf-8")


def load_recipe(file: Path | str | None = None, changes: Mapping[str, Any] | None = None) -> Recipe:
    """Read a recipe file, or the shipped one; a file names only what it changes in the shipped one.

    Blocks are merged key by key; a list, as that of the strategies, is taken as it stands.

    Parameters
    ----------
    changes : mapping of dotted key to value
        Changed after that: ``{"latency.model": "zero"}``; see `change_keys`.

    Raises
    ------
    RecipeError
        The file is missing or not YAML, or keys or values are wrong; the message tells every fault, each
        with its key and the nearest right one.
    """
    content, where, folder = recipe_content(file, changes)
    return parse_recipe(content, where, folder)


def recipe_content(
    file: Path | str | None = None, changes: Mapping[str, Any] | None = None
) -> tuple[Content, str, Path]:
    """Return what `parse_recipe` takes for this file and these changes; nothing that it names is loaded."""
    content: Content = parse_yaml(default_recipe_text(), "default recipe")
    where, folder = "default recipe", Path()
    if file is not None:
        where, folder = str(file), Path(file).parent
        content = merged(content, read_yaml(Path(file), HINT))
    return change_keys(content, changes or {}, where), where, folder


def shape_recipe(content: object, where: str) -> Recipe:
    """Check keys and values of `content`; the strategies and forecasters that it names are not loaded.

    Raises
    ------
    RecipeError
        Keys or values are wrong.
    """
    return checked(Recipe, require_keys(content, where, HINT), where)


def change_keys(content: Mapping[str, Any], changes: Mapping[str, Any], where: str) -> Content:
    """Return `content` with some keys changed, each named by its dotted path.

    Parameters
    ----------
    changes : mapping of str to value
        ``fusion.ridge``; a strategy goes by its name: ``strategies.vol_target.target_vol_pct``.

    Raises
    ------
    RecipeError
        A path leads through something that holds no keys, or through a strategy that is not there.
    """
    changed: Content = deepcopy(dict(content))
    for key, value in changes.items():
        *parents, last = key.split(".")
        place: Any = changed
        for depth, parent in enumerate(parents):
            place = _step_into(place, parent, ".".join(parents[: depth + 1]), where)
        if not isinstance(place, dict):
            raise RecipeError(f"{where}: {'.'.join(parents)!r} holds no keys, so there is no {key!r}")
        place[last] = value
    return changed


def _step_into(place: Any, key: str, path: str, where: str) -> Any:
    if isinstance(place, dict):
        return place.setdefault(key, {})
    if isinstance(place, list | tuple):
        by_name = {entry.get("name"): entry for entry in place if isinstance(entry, dict)}
        if key in by_name:
            return by_name[key]
        names = [str(name) for name in by_name]
        raise RecipeError(
            f"{where}: the recipe has no {path!r}{nearest(key, names)}; it has {', '.join(names)}"
        )
    raise RecipeError(f"{where}: {path!r} holds no keys")


def parse_recipe(content: object, where: str, folder: Path = Path()) -> Recipe:
    """Check `content`, a whole recipe, and everything that it names; see `load_recipe`.

    Parameters
    ----------
    folder : Path
        Where relative files of ``volatility`` are looked for.
    """
    recipe = shape_recipe(content, where)
    faults: list[str] = []
    for check in (_check_latency, _check_fill, _check_forecaster, _check_outliers, _check_strategies):
        _collect(faults, check, recipe)
    for pin in (_with_events, _with_exogenous, _with_prior):
        try:
            recipe = pin(recipe, folder)
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise RecipeError(f"{where}: {'; '.join(dict.fromkeys(faults))}")
    return recipe


def _collect(faults: list[str], check: Callable[[Recipe], object], recipe: Recipe) -> None:
    try:
        check(recipe)
    except InputError as error:
        faults.append(str(error))


def _check_latency(recipe: Recipe) -> None:
    parse_latency(recipe.latency.model)


def _check_fill(recipe: Recipe) -> None:
    if recipe.fill not in FILL_MODELS:
        raise UnknownNameError("fill model", recipe.fill, FILL_MODELS)


def _check_forecaster(recipe: Recipe) -> None:
    FORECASTERS.factory(recipe.volatility.forecaster)


def _check_outliers(recipe: Recipe) -> None:
    volatility = recipe.volatility
    if volatility.outlier_bound is not None and volatility.forecaster not in IN_LOGS:
        raise RecipeError(
            f"the recipe names volatility.outlier_bound, and forecaster {volatility.forecaster!r} takes none"
            f"; those that do: {', '.join(IN_LOGS)}"
        )


def _check_strategies(recipe: Recipe) -> None:
    names = [entry.get("name") for entry in recipe.strategies]
    if len(set(map(str, names))) < len(names):
        raise RecipeError("a strategy is named twice")
    recipe.build_strategies()


def _with_events(recipe: Recipe, folder: Path) -> Recipe:
    """Pin the events file by its hash, and see that it can be used."""
    volatility = recipe.volatility
    if volatility.event_names and volatility.events == "none":
        raise RecipeError("volatility.event_names names events, and volatility.events is none")
    if volatility.events == "none" or (volatility.events == "auto" and not volatility.event_names):
        return recipe
    if volatility.forecaster not in SCHEDULED:
        raise RecipeError(
            f"the recipe names events, and forecaster {volatility.forecaster!r} uses none; "
            f"those that do: {', '.join(SCHEDULED)}"
        )
    if volatility.events == "auto":
        load_schedule(us_events(), volatility.event_names)
        return recipe
    if volatility.events == US:
        return pin_events(recipe, US)
    return pin_events(recipe, (folder / volatility.events).absolute())


def pin_events(recipe: Recipe, events: Path | Literal["us"]) -> Recipe:
    """Return `recipe` with these events and their hash.

    Raises
    ------
    InputError
        The file cannot be read, has no such events, or is not the one that the recipe names by its hash.
    """
    volatility = recipe.volatility
    file = schedule_file(events)
    pinned = input_hash(file, "events")
    _require_named(file, pinned, volatility.events_hash)
    load_schedule(file, volatility.event_names)
    section = volatility.model_copy(update={"events": events, "events_hash": pinned})
    return recipe.model_copy(update={"volatility": section})


def _with_exogenous(recipe: Recipe, folder: Path) -> Recipe:
    """Pin the file of the outside series by its hash, and see that it can be used."""
    volatility, section = recipe.volatility, recipe.volatility.exogenous
    if section is None:
        return recipe
    if volatility.forecaster not in IN_LOGS:
        raise RecipeError(
            f"the recipe names volatility.exogenous, and forecaster {volatility.forecaster!r} takes no "
            f"series; those that do: {', '.join(IN_LOGS)}"
        )
    file = (folder / section.file).absolute()
    pinned = input_hash(file, "series")
    _require_named(file, pinned, section.file_hash)
    series = load_exogenous(file, section.column, section.available, section.calendar)
    ExogenousColumn(section.column, series, section.transform)
    kept = section.model_copy(update={"file": file, "file_hash": pinned})
    return recipe.model_copy(update={"volatility": volatility.model_copy(update={"exogenous": kept})})


def _with_prior(recipe: Recipe, folder: Path) -> Recipe:
    """Pin the prior's file by its hash, and see that it can be used."""
    volatility = recipe.volatility
    if volatility.prior in ("auto", "none"):
        return recipe
    if volatility.forecaster not in WITH_PRIOR:
        raise RecipeError(
            f"the recipe names volatility.prior, and forecaster {volatility.forecaster!r} takes none; "
            f"those that do: {', '.join(WITH_PRIOR)}"
        )
    if volatility.prior == US:
        return pin_prior(recipe, US)
    return pin_prior(recipe, (folder / volatility.prior).absolute())


def pin_prior(recipe: Recipe, prior: Path | Literal["us"]) -> Recipe:
    """Return `recipe` with this prior and the hash of its file.

    Raises
    ------
    InputError
        The file cannot be read, is no prior, or is not the one that the recipe names by its hash.
    """
    volatility = recipe.volatility
    file = prior_file(prior)
    pinned = input_hash(file, "prior")
    read_prior(file)
    _require_named(file, pinned, volatility.prior_hash)
    section = volatility.model_copy(update={"prior": prior, "prior_hash": pinned})
    return recipe.model_copy(update={"volatility": section})


def _require_named(file: Path, found: str, named: str | None) -> None:
    if named not in (None, found):
        raise RecipeError(f"{file} is not the file that the recipe names: it has {found}, not {named}")


def _build_strategy(entry: dict[str, Any]) -> Strategy:
    name = entry.get("name")
    if not isinstance(name, str):
        raise RecipeError("every strategy needs a name, as in '- name: vol_target'")
    factory = STRATEGIES.factory(name)
    given = {key: value for key, value in entry.items() if key != "name"}
    known = [field.name for field in fields(factory) if field.init] if is_dataclass(factory) else list(given)
    for key in given:
        if key not in known:
            raise RecipeError(
                f"strategy {name!r} has no parameter {key!r}{nearest(key, known)}; it has {known}"
            )
    try:
        strategy = factory(**given)
    except TypeError as error:
        what = given or "nothing"
        raise RecipeError(f"strategy {name!r} cannot be made of {what}: {first_line(error)}") from error
    return require_strategy(name, strategy)
