"""Which scheduled events a replay goes by: those that its recipe names, or those of the tape's country."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from newsvol.replays.simulation.recipe import Recipe, pin_events
from newsvol.replays.tapes.schedules import US, load_schedule, schedule_file, us_events
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.har_specifications import SCHEDULED
from newsvol.signals.volatility.schedule import Schedule


def choose_events(recipe: Recipe, tape: Tape) -> Recipe:
    """Return `recipe` with ``events: auto`` decided and pinned, where its forecaster uses events.

    On a real tape of a US exchange that is the shipped schedule, on any other none: a synthetic market knows
    nothing of the Federal Reserve.
    """
    if recipe.volatility.events != "auto" or recipe.volatility.forecaster not in SCHEDULED:
        return recipe
    if tape.info.is_real_of_us:
        return pin_events(recipe, US)
    section = recipe.volatility.model_copy(update={"events": "none"})
    return recipe.model_copy(update={"volatility": section})


def recipe_schedule(recipe: Recipe) -> Schedule | None:
    """Return the events that the recipe names; None where it names none, or leaves it to the tape."""
    volatility = recipe.volatility
    if volatility.events in ("auto", "none"):
        return None
    return _load(schedule_file(volatility.events), volatility.event_names, volatility.events_hash)


def schedule_for(recipe: Recipe, tape: Tape) -> Schedule | None:
    """Return the events that forecasters which use some are given on `tape`, whichever the recipe trades."""
    volatility = recipe.volatility
    if volatility.events == "auto" and tape.info.is_real_of_us:
        return load_schedule(us_events(), volatility.event_names)
    return recipe_schedule(recipe)


def describe_events(recipe: Recipe, tape: Tape) -> dict[str, Any] | None:
    """Return what ``metrics.json`` says of the events that were traded with; None where there were none."""
    if recipe.volatility.forecaster not in SCHEDULED:
        return None
    schedule = recipe_schedule(recipe)
    if schedule is None:
        return {"source": "none", "planned": {}, "reach": {}, "out_of_reach": []}
    begins_ns, ends_ns = int(tape.bars.open_ns[0]), int(tape.bars.close_ns[-1])
    return {
        "source": US if recipe.volatility.events == US else Path(recipe.volatility.events).name,
        "planned": planned_on(schedule, begins_ns, ends_ns),
        "reach": schedule.reach(),
        "out_of_reach": list(schedule.out_of_reach(begins_ns, ends_ns)),
    }


def planned_on(schedule: Schedule, begins_ns: int, ends_ns: int) -> dict[str, int]:
    """Return how many events of each name lie between two stamps and stood to the end."""
    inside = (schedule.event_ns >= begins_ns) & (schedule.event_ns < ends_ns)
    stood = schedule.take(inside & schedule.planned(schedule.event_ns))
    return {name: int(np.count_nonzero(stood.name == name)) for name in schedule.names}


@lru_cache(maxsize=8)
def _load(file: Path, names: tuple[str, ...], _pinned: str | None) -> Schedule:
    """Read a file once for each of its contents: a replay asks for its schedule several times."""
    return load_schedule(file, names)
