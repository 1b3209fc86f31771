"""No look-ahead: whatever changes after t, nothing decided up to t does."""

from dataclasses import dataclass

import numpy as np
import pytest

from newsvol.engine.arrays import FloatArray
from newsvol.engine.frames import DecisionFrame
from newsvol.replays.audit import audit
from newsvol.replays.recipe import Recipe, parse_recipe
from newsvol.replays.tape import Tape
from newsvol.signals.builtin import FORECASTERS
from newsvol.signals.history import VolHistory
from newsvol.signals.naive import NAIVE
from newsvol.strategies.protocol import STRATEGIES

MOMENTS = 50


def recipe_of(recipe: Recipe, forecaster: str, fusion: str, latency: str) -> Recipe:
    content = recipe.model_dump()
    content["volatility"] = {"forecaster": forecaster, "min_window": 200, "window": 600}
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
    ],
)
def test_nothing_decided_by_t_changes_when_everything_after_t_does(
    planted: tuple[Tape, FloatArray], recipe: Recipe, forecaster: str, fusion: str, latency: str
) -> None:
    tape, probs = planted
    leaks = audit(tape, recipe_of(recipe, forecaster, fusion, latency), probs, MOMENTS)
    assert [str(leak) for leak in leaks] == []


def test_every_built_in_forecaster_is_audited() -> None:
    audited = {"log-har-p", "log-har-p-leverage", "har", "har-p", *NAIVE}
    assert audited == set(FORECASTERS.names())


@dataclass(frozen=True)
class PeekingForecaster:
    """Knows the bucket that it forecasts."""

    window: int = 0
    min_window: int = 0

    def forecast(self, history: VolHistory) -> FloatArray:
        return history.measures.rv


@dataclass(frozen=True)
class PeekingStrategy:
    """Buys before the price rises."""

    every_bar: bool = False
    lookback: int = 1

    def decide(self, frame: DecisionFrame) -> FloatArray:
        return np.append(np.sign(np.diff(frame.close)), 0.0)


def test_a_forecaster_that_peeks_is_caught(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    with FORECASTERS.lend("peeking", PeekingForecaster):
        peeking = parse_recipe({**recipe.model_dump(), "volatility": {"forecaster": "peeking"}}, "test")
        leaks = audit(planted[0], peeking, planted[1], 6)
    assert "forecast peeking" in {leak.what for leak in leaks}


def test_a_strategy_that_peeks_is_caught(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    with STRATEGIES.lend("peeking", PeekingStrategy):
        peeking = parse_recipe({**recipe.model_dump(), "strategies": [{"name": "peeking"}]}, "test")
        leaks = audit(planted[0], peeking, planted[1], 6)
    assert "strategy peeking" in {leak.what for leak in leaks}
