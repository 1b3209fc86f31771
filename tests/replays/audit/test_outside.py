"""Another future of events and outside series leaves alone what was known."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from newsvol.engine.arrays import FloatArray
from newsvol.engine.clock import utc_second
from newsvol.replays.audit.audit import Request, audit
from newsvol.replays.audit.outside import other_outside
from newsvol.replays.simulation.events import recipe_schedule
from newsvol.replays.simulation.exogenous import recipe_exogenous
from newsvol.replays.simulation.recipe import Recipe, load_recipe, recipe_content
from newsvol.replays.simulation.session import build_forecaster
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.history import VolHistory, measure_history
from newsvol.signals.volatility.schedule import NEVER_NS


@pytest.fixture(scope="module")
def small(planted: tuple[Tape, FloatArray]) -> Tape:
    """The first seventy sessions of the planted market."""
    return planted[0].until(planted[0].days()[0] + timedelta(days=100))


@pytest.fixture(scope="module")
def history(small: Tape) -> VolHistory:
    """What is measured of them."""
    return measure_history(small.bars, small.sessions)


@pytest.fixture(scope="module")
def changes(small: Tape, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """A schedule in which every third event is moved, two days before, and a series of every session."""
    folder = tmp_path_factory.mktemp("outside")
    lines = ["event,ts_utc,known_from,known_until"]
    opens = small.sessions.open_ns
    for row in range(4, len(opens) - 2, 4):
        stamp, before = (utc_second(int(opens[at]) + 3_600_000_000_000) for at in (row, row - 2))
        later = utc_second(int(opens[row + 1]) + 3_600_000_000_000)
        moved = row % 3 == 0
        lines.append(f'"FOMC, twice",{stamp},,{before if moved else ""}')
        if moved:
            lines.append(f'"FOMC, twice",{later},{before},')
    (folder / "events.csv").write_text("\n".join(lines).replace(" UTC", "") + "\n")
    days = [utc_second(int(stamp))[:10] for stamp in opens]
    rng = np.random.default_rng(0)
    values = [f"{day},{rng.lognormal(3, 0.2):.3f}" for day in days]
    (folder / "vix.csv").write_text("\n".join(["date,close", *values]) + "\n")
    return {
        "volatility.forecaster": "har-blend-events",
        "volatility.window": 300,
        "volatility.min_window": 60,
        "volatility.events": str(folder / "events.csv"),
        "volatility.exogenous": {"file": str(folder / "vix.csv"), "column": "close"},
        "strategies": [{"name": "vol_target"}],
    }


def forecast(recipe: Recipe, history: VolHistory) -> FloatArray:
    return build_forecaster(recipe).forecast(history)


@pytest.mark.parametrize("row", [330, 360, 400])
def test_forecasts_up_to_the_moment_stay_and_later_ones_change(
    history: VolHistory, changes: dict[str, object], row: int, tmp_path: Path
) -> None:
    recipe = load_recipe(changes=changes)
    moment = int(history.buckets.open_ns[row])
    other = other_outside(recipe, moment, np.random.default_rng(1), tmp_path)
    before, after = forecast(recipe, history), forecast(other, history)
    assert np.isfinite(before[row])
    np.testing.assert_array_equal(after[: row + 1], before[: row + 1])
    assert not np.array_equal(after[row + 1 :], before[row + 1 :])


def test_what_was_announced_by_the_moment_stays(
    history: VolHistory, changes: dict[str, object], tmp_path: Path
) -> None:
    recipe = load_recipe(changes=changes)
    moment = int(history.buckets.open_ns[200])
    schedule = recipe_schedule(recipe)
    other = recipe_schedule(other_outside(recipe, moment, np.random.default_rng(1), tmp_path))
    assert schedule is not None
    assert other is not None
    assert other.names == schedule.names == ("FOMC, twice",)
    np.testing.assert_array_equal(other.event_ns, schedule.event_ns)
    np.testing.assert_array_equal(other.planned(moment), schedule.planned(moment))
    later = int(history.buckets.open_ns[-1])
    assert not np.array_equal(other.planned(later), schedule.planned(later))
    assert (other.until_ns[schedule.until_ns > moment] == NEVER_NS).all()


def test_values_known_by_the_moment_stay(
    history: VolHistory, changes: dict[str, object], tmp_path: Path
) -> None:
    recipe = load_recipe(changes=changes)
    moment = int(history.buckets.open_ns[200])
    ours = recipe_exogenous(recipe)
    theirs = recipe_exogenous(other_outside(recipe, moment, np.random.default_rng(1), tmp_path))
    assert ours is not None
    assert theirs is not None
    np.testing.assert_array_equal(theirs.series.available_ns, ours.series.available_ns)
    known = ours.series.available_ns <= moment
    np.testing.assert_array_equal(theirs.series.value[known], ours.series.value[known])
    assert (theirs.series.value[~known] != ours.series.value[~known]).all()


def test_a_recipe_that_reads_nothing_beside_the_tape_is_left_alone(tmp_path: Path) -> None:
    recipe = load_recipe()
    assert other_outside(recipe, 0, np.random.default_rng(1), tmp_path) is recipe
    assert list(tmp_path.iterdir()) == []


def test_the_audit_changes_them_and_finds_nothing(small: Tape, changes: dict[str, object]) -> None:
    content, where, folder = recipe_content(None, changes)
    report = audit(small, Request(content, where, folder, moments=8))
    assert [str(one) for one in report.findings] == []
