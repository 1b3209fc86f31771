"""No look-ahead: whatever changes after t, nothing decided up to t does."""

from pathlib import Path

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_SECOND, FloatArray
from newsvol.replays.audit.audit import Request, audit
from newsvol.replays.simulation.recipe import Recipe, parse_recipe
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.har_specifications import SCHEDULED
from newsvol.signals.volatility.naive import NAIVE
from newsvol.strategies.protocol import STRATEGIES

MOMENTS = 12
EXTENDED = (
    "log-har-p-overnight",
    "log-har-p-slopes",
    "log-har-p-full",
    "log-har-p-events",
    "har-wls",
    "harq",
    "shar",
    "har-j",
    "har-cj",
    "har-qlike",
    "har-blend",
    "har-blend-events",
    "aggregate",
)
"""Audited like the others, without fusion: what they add is in the forecast."""


@pytest.fixture(scope="module")
def events(planted: tuple[Tape, FloatArray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A schedule with an event in every ninth session and a release before every eleventh."""
    opens = planted[0].sessions.open_ns
    rows = [("FOMC", stamp + 16_200 * NS_PER_SECOND) for stamp in opens[::9]]
    rows += [("CPI", stamp - 3_600 * NS_PER_SECOND) for stamp in opens[::11]]
    file = tmp_path_factory.mktemp("events") / "events.csv"
    lines = [f"{name},{np.datetime64(int(stamp), 'ns')!s:.19}" for name, stamp in rows]
    file.write_text("\n".join(["event,ts_utc", *lines]) + "\n")
    return file


def recipe_of(recipe: Recipe, forecaster: str, fusion: str, latency: str, events: Path) -> Recipe:
    content = recipe.model_dump()
    forecaster, _, beside = forecaster.partition("+")
    content["volatility"] = {"forecaster": forecaster, "min_window": 200, "window": 600}
    content["volatility"]["prior"] = "us" if beside == "prior" else "none"
    if beside == "truncated":
        content["volatility"] |= {"measure": "truncated_rv", "outlier_bound": 3.0}
    if forecaster in SCHEDULED:
        content["volatility"]["events"] = str(events)
    content["fusion"]["form"] = fusion
    content["latency"]["model"] = latency
    content["strategies"] = [{"name": name} for name in STRATEGIES.names()]
    return parse_recipe(content, "test")


@pytest.mark.parametrize(
    ("forecaster", "fusion", "latency"),
    [
        ("log-har-p", "log_linear", "zero"),
        ("log-har-p", "weighted_sum", "constant:250"),
        ("log-har-p-leverage", "log_linear", "constant:90000"),
        ("har", "log_linear", "zero"),
        ("har-p", "weighted_sum", "zero"),
        ("diurnal-ewma", "none", "zero"),
        ("aggregate", "log_linear", "constant:250"),
        ("log-har-p+prior", "log_linear", "constant:250"),
        ("har-blend-events+prior", "none", "zero"),
        ("aggregate+prior", "log_linear", "zero"),
        ("log-har-p-full+truncated", "none", "zero"),
        *[(name, "none", "zero") for name in EXTENDED],
    ],
)
def test_nothing_decided_by_t_changes_when_everything_after_t_does(
    planted: tuple[Tape, FloatArray],
    recipe: Recipe,
    forecaster: str,
    fusion: str,
    latency: str,
    events: Path,
) -> None:
    content = recipe_of(recipe, forecaster, fusion, latency, events).model_dump()
    report = audit(planted[0], Request(content, moments=MOMENTS))
    assert [str(one) for one in report.findings] == []


def test_every_built_in_forecaster_is_audited() -> None:
    audited = {"log-har-p", "log-har-p-leverage", "har", "har-p", *EXTENDED, *NAIVE}
    assert audited == set(FORECASTERS.names())
