"""Which events a replay goes by."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from newsvol.engine.hashes import input_hash
from newsvol.replays.replay import replay
from newsvol.replays.report.wording import source_notices, source_warnings
from newsvol.replays.runs.schema import ForecastPart
from newsvol.replays.simulation.events import choose_events, recipe_schedule, schedule_for
from newsvol.replays.simulation.recipe import Recipe, load_recipe
from newsvol.replays.tapes.schedules import us_events
from newsvol.replays.tapes.synth import Market, synthetic_tape
from newsvol.replays.tapes.tape import Tape

EVENTS = {"volatility.forecaster": "log-har-p-events", "volatility.prior": "none"}
NAMES = ("CPI", "FOMC", "NFP")


@pytest.fixture(scope="module")
def made_up() -> Tape:
    """Seventy sessions, said to be made up."""
    return synthetic_tape(Market(sessions=70, headlines=5))


@pytest.fixture(scope="module")
def real(made_up: Tape) -> Tape:
    """The same, said to come from files."""
    return replace(made_up, info=replace(made_up.info, origin={}))


def recipe_of(**changes: Any) -> Recipe:
    return load_recipe(changes={**EVENTS, **{f"volatility.{key}": value for key, value in changes.items()}})


def test_a_us_tape_goes_by_the_shipped_schedule_unless_told_otherwise(real: Tape) -> None:
    chosen = choose_events(recipe_of(), real).volatility
    assert chosen.events == "us"
    assert chosen.events_hash == input_hash(us_events(), "events")
    schedule = recipe_schedule(choose_events(recipe_of(), real))
    assert schedule is not None
    assert schedule.names == NAMES
    few = recipe_schedule(choose_events(recipe_of(event_names=["FOMC"]), real))
    assert few is not None
    assert few.names == ("FOMC",)
    assert choose_events(recipe_of(events="none"), real).volatility.events == "none"
    assert recipe_schedule(recipe_of(events="none")) is None


def test_what_uses_no_events_is_given_none(real: Tape) -> None:
    plain = load_recipe()
    assert choose_events(plain, real) == plain
    # and forecasters that use some are compared with them all the same
    schedule = schedule_for(plain, real)
    assert schedule is not None
    assert schedule.names == NAMES


@pytest.mark.parametrize("calendar", ["XLON", "24/7", "XTSE"])
def test_a_tape_of_another_country_has_no_events_unless_named(real: Tape, calendar: str) -> None:
    abroad = replace(real, info=replace(real.info, calendar=calendar))
    assert choose_events(recipe_of(), abroad).volatility.events == "none"
    assert schedule_for(recipe_of(), abroad) is None
    assert choose_events(recipe_of(events="us"), abroad).volatility.events == "us"
    assert schedule_for(recipe_of(events="us"), abroad) is not None


def test_a_made_up_market_has_no_events(made_up: Tape) -> None:
    assert choose_events(recipe_of(), made_up).volatility.events == "none"


def test_a_file_that_changed_is_read_again(real: Tape, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    for name in ("A", "B"):
        file.write_text(f"event,ts_utc\n{name},2023-03-20T18:00\n")
        schedule = recipe_schedule(recipe_of(events=str(file)))
        assert schedule is not None
        assert schedule.names == (name,)


def run(tape: Tape, recipe: Recipe, folder: Path) -> ForecastPart:
    short = {"volatility.min_window": 40, "latency.model": "zero", "fusion.form": "none"}
    return replay(tape, recipe.with_changes(changes=short), folder).metrics.forecast


def test_a_run_says_which_events_it_went_by(made_up: Tape, real: Tape, tmp_path: Path) -> None:
    shipped = run(real, recipe_of(), tmp_path / "us")
    assert shipped.schedule is not None
    assert shipped.schedule.source == "us"
    assert shipped.schedule.planned == {"CPI": 4, "FOMC": 2, "NFP": 4}
    assert shipped.schedule.out_of_reach == []
    assert source_notices(shipped) == ["EVENTS: us, known ahead: 4 CPI, 2 FOMC, 4 NFP"]
    none = run(made_up, recipe_of(), tmp_path / "none")
    assert source_notices(none) == ["EVENTS: the traded forecaster uses scheduled events, and was given none"]
    plain = run(made_up, recipe_of(forecaster="log-har-p-full"), tmp_path / "plain")
    assert source_notices(plain) == []
    same = none.models["log-har-p-events"].qlike
    assert same == plain.models["log-har-p-full"].qlike
    assert same != shipped.models["log-har-p-events"].qlike


def test_a_schedule_that_ends_before_the_tape_is_said_to(real: Tape, tmp_path: Path) -> None:
    file = tmp_path / "short.csv"
    file.write_text("event,ts_utc\nA,2023-01-10T15:00\nA,2023-01-17T15:00\nB,2023-01-10T15:00\n")
    forecast = run(real, recipe_of(events=str(file)), tmp_path / "run")
    assert source_notices(forecast) == ["EVENTS: short.csv, known ahead: 2 A, 1 B"]
    assert source_warnings(forecast) == [
        "EVENTS: the schedule holds A from 10 Jan 2023 to 17 Jan 2023, and the tape goes beyond: there the "
        "forecast knows of none",
    ]
