"""Recipes: everything about a replay that is chosen, in one checked YAML file."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from newsvol.engine.errors import InputError, RecipeError, UnknownNameError, nearest
from newsvol.engine.fills import FILL_MODELS
from newsvol.engine.latency import parse_latency
from newsvol.replays.tapes.schedules import events_hash, load_schedule
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.forecasters import SCHEDULED
from newsvol.strategies import builtin as _builtin_strategies  # noqa: F401  registers them
from newsvol.strategies.protocol import STRATEGIES, Strategy


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SentimentSection(_Section):
    """Which model scores the headlines, and where."""

    model: str = "student"
    device: Literal["auto", "cpu", "cuda"] = "auto"


class VolatilitySection(_Section):
    """Which forecaster is traded, its windows in buckets, and the schedule of events that it may use.

    `events_hash` is that of the file, written down when the recipe is read.
    """

    forecaster: str = "log-har-p"
    window: int = Field(2500, gt=0)
    min_window: int = Field(500, gt=0)
    events: Path | None = None
    event_names: tuple[str, ...] = ()
    events_hash: str | None = None


class FusionSection(_Section):
    """How the news is joined; see `signals.fusion.FusionConfig`."""

    form: Literal["log_linear", "weighted_sum", "none"] = "log_linear"
    ridge: float = Field(100.0, gt=0)
    weight: float = Field(0.2, ge=0, le=1)
    half_lives_hours: tuple[float, ...] = Field((0.25, 1.0, 4.0, 24.0), min_length=1)


class LatencySection(_Section):
    """Where service times come from, and how long an order travels."""

    model: str = "measured"
    order_ms: float = Field(ge=0)


class CostsSection(_Section):
    """Trading costs; none has a default, so that none is zero by accident."""

    commission_bps: float = Field(ge=0)
    half_spread_bps: float = Field(ge=0)
    slippage_bps: float = Field(ge=0)


class Recipe(_Section):
    """A replay's choices."""

    name: str = Field(pattern=r"^[A-Za-z0-9._-]+$")
    seed: int = 7
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

    def recipe_hash(self) -> str:
        """Return ``sha256:...`` of what the recipe means, whatever its comments and order.

        Of the events file it is the contents that count, not where it lies.
        """
        plain = self._plain()
        plain["volatility"].pop("events", None)
        meaning = json.dumps(plain, sort_keys=True)
        return f"sha256:{hashlib.sha256(meaning.encode()).hexdigest()}"

    def _plain(self) -> dict[str, Any]:
        plain: dict[str, Any] = json.loads(self.model_dump_json())
        if self.volatility.events is None:
            for key in ("events", "event_names", "events_hash"):
                del plain["volatility"][key]
        return plain

    def with_changes(self, latency: str | None = None, strategies: tuple[str, ...] = ()) -> "Recipe":
        """Return the recipe with another latency model, or with only the named strategies.

        A named strategy keeps the parameters that the recipe gives it.
        """
        changed = self.model_dump()
        if latency is not None:
            changed["latency"]["model"] = latency
        if strategies:
            given = {entry["name"]: entry for entry in self.strategies}
            changed["strategies"] = [given.get(name, {"name": name}) for name in strategies]
        return parse_recipe(changed, "command line")

    def build_strategies(self) -> dict[str, Strategy]:
        """Return the strategies by name, in the recipe's order."""
        return {str(entry.get("name")): _build_strategy(entry) for entry in self.strategies}


def default_recipe_text() -> str:
    """Return the shipped recipe, comments and all."""
    shipped = resources.files("newsvol.replays.simulation").joinpath("recipes/default.yaml")
    return shipped.read_text(encoding="utf-8")


def load_recipe(file: Path | None) -> Recipe:
    """Read a recipe file, or the shipped one.

    Raises
    ------
    RecipeError
        The file is missing or not YAML, or a key or value is wrong; the message names the key, and the
        nearest right one.
    """
    if file is None:
        text, where = default_recipe_text(), "default recipe"
    else:
        where = str(file)
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(
                f"cannot read recipe {file}: {getattr(error, 'strerror', None) or error}"
            ) from error
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # no such date, too many digits, too deep
        raise RecipeError(f"{where} is not YAML: {' '.join(str(error).split())}") from error
    return parse_recipe(content, where, file.parent if file is not None else Path())


def parse_recipe(content: object, where: str, folder: Path = Path()) -> Recipe:
    """Check `content` and everything that it names; see `load_recipe`.

    Parameters
    ----------
    folder : Path
        Where a relative ``volatility.events`` is looked for.
    """
    if not isinstance(content, dict):
        raise RecipeError(f"{where} holds no keys; start from: newsvol replay --print-recipe")
    try:
        recipe = Recipe.model_validate(content)
    except ValidationError as error:
        raise RecipeError(f"{where}: {_first_problem(error)}") from None
    try:
        recipe = _with_events(recipe, folder)
        parse_latency(recipe.latency.model)
        if recipe.fill not in FILL_MODELS:
            raise UnknownNameError("fill model", recipe.fill, FILL_MODELS)
        FORECASTERS.factory(recipe.volatility.forecaster)
        names = [entry.get("name") for entry in recipe.strategies]
        if len(set(names)) < len(names):
            raise RecipeError("a strategy is named twice")
        recipe.build_strategies()
    except InputError as error:
        raise RecipeError(f"{where}: {error}") from error
    return recipe


def _with_events(recipe: Recipe, folder: Path) -> Recipe:
    """Pin the events file by its hash, and see that it can be used."""
    volatility = recipe.volatility
    if volatility.events is None:
        if volatility.event_names:
            raise RecipeError("volatility.event_names needs volatility.events: the file that has them")
        if volatility.forecaster in SCHEDULED:
            raise RecipeError(
                f"forecaster {volatility.forecaster!r} needs volatility.events: a CSV or iCalendar file"
            )
        return recipe
    if volatility.forecaster not in SCHEDULED:
        raise RecipeError(
            f"volatility.events is given, and forecaster {volatility.forecaster!r} uses no events; "
            f"those that do: {', '.join(SCHEDULED)}"
        )
    file = (folder / volatility.events).absolute()
    found = events_hash(file)
    if volatility.events_hash not in (None, found):
        raise RecipeError(
            f"{file} is not the file that the recipe names: it has {found}, not {volatility.events_hash}"
        )
    load_schedule(file, volatility.event_names)
    pinned = volatility.model_copy(update={"events": file, "events_hash": found})
    return recipe.model_copy(update={"volatility": pinned})


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
    return factory(**given)


def _first_problem(error: ValidationError) -> str:
    # a mistyped key is also a missing one: the typo is what the user can mend
    problem = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    *parents, key = [str(part) for part in problem["loc"]] or ["recipe"]
    place = f"{'.'.join(parents)}.{key}" if parents else key
    if problem["type"] == "extra_forbidden":
        known = _known_keys(parents)
        return f"unknown key {place!r}{nearest(key, known)}; known here: {', '.join(known)}"
    if problem["type"] == "missing":
        return f"key {place!r} is missing; newsvol replay --print-recipe shows a whole recipe"
    return f"key {place!r}: {problem['msg'].lower()}, got {problem['input']!r}"


def _known_keys(parents: list[str]) -> list[str]:
    model: Any = Recipe
    for parent in parents:
        annotation = model.model_fields[parent].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
