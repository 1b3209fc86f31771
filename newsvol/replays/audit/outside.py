"""Another future of what a recipe reads beside the tape: events announced later, values known later."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from newsvol.engine.arrays import NS_PER_SECOND
from newsvol.replays.simulation.events import recipe_schedule
from newsvol.replays.simulation.exogenous import recipe_exogenous
from newsvol.replays.simulation.recipe import Recipe
from newsvol.signals.volatility.schedule import ALWAYS_NS, NEVER_NS

SPREAD = 0.3
"""Standard deviation of the log by which a later value is changed."""


def other_outside(recipe: Recipe, moment_ns: int, rng: np.random.Generator, folder: Path) -> Recipe:
    """Return `recipe` with its events and its outside series as they might have become after `moment_ns`.

    What was announced or called off later is not, and what was known later is another value; as files in
    `folder`.
    """
    return _other_series(_other_events(recipe, moment_ns, folder), moment_ns, rng, folder)


def _other_events(recipe: Recipe, moment_ns: int, folder: Path) -> Recipe:
    schedule = recipe_schedule(recipe)
    if schedule is None:
        return recipe
    # a name keeps its columns, without an event that was ever planned
    since_ns = np.where(schedule.since_ns > moment_ns, schedule.event_ns, schedule.since_ns)
    until_ns = np.where(schedule.until_ns > moment_ns, NEVER_NS, schedule.until_ns)
    stamps = (
        [_iso(stamp) for stamp in column.tolist()] for column in (schedule.event_ns, since_ns, until_ns)
    )
    file = folder / "other_events.csv"
    _write(file, ("event", "ts_utc", "known_from", "known_until"), schedule.name.tolist(), *stamps)
    section = recipe.volatility.model_copy(update={"events": file, "events_hash": None})
    return recipe.model_copy(update={"volatility": section})


def _other_series(recipe: Recipe, moment_ns: int, rng: np.random.Generator, folder: Path) -> Recipe:
    given, column = recipe.volatility.exogenous, recipe_exogenous(recipe)
    if given is None or column is None:
        return recipe
    value = column.series.value.copy()
    later = column.series.available_ns > moment_ns
    value[later] *= np.exp(SPREAD * rng.standard_normal(int(later.sum())))
    file = folder / "other_series.csv"
    stamps = [_iso(stamp) for stamp in column.series.available_ns.tolist()]
    _write(file, ("ts_utc", given.column), stamps, [repr(number) for number in value.tolist()])
    kept = given.model_copy(update={"file": file, "available": "stamp", "file_hash": None})
    section = recipe.volatility.model_copy(update={"exogenous": kept})
    return recipe.model_copy(update={"volatility": section})


def _write(file: Path, heading: Sequence[str], *columns: Sequence[str]) -> None:
    with file.open("w", encoding="utf-8", newline="") as written:
        rows = csv.writer(written)
        rows.writerow(heading)
        rows.writerows(zip(*columns, strict=True))


def _iso(stamp_ns: int) -> str:
    if stamp_ns in (ALWAYS_NS, NEVER_NS):
        return ""
    return datetime.fromtimestamp(stamp_ns // NS_PER_SECOND, UTC).isoformat()
