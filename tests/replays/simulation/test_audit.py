"""The audit catches what peeks, and changes nothing but the future."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import TapeError
from newsvol.engine.frames import DecisionFrame
from newsvol.replays.simulation.audit import PERTURBATIONS, Leak, Perturbation, audit, perturb
from newsvol.replays.simulation.recipe import Recipe, parse_recipe
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.history import VolHistory
from newsvol.strategies.protocol import STRATEGIES


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


def known_by(tape: Tape) -> list[tuple[Any, Any]]:
    return [(tape.bars, tape.bars.close_ns), (tape.news, tape.news.available_ns)]


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


def test_a_tape_on_which_nothing_is_forecast_cannot_be_audited(
    planted: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    short = planted[0].until(planted[0].days()[0] + timedelta(days=30))
    with pytest.raises(TapeError, match="there is nothing to audit: no forecast is made"):
        audit(short, recipe, planted[1], 6)


@pytest.mark.parametrize("how", PERTURBATIONS)
def test_a_changed_future_leaves_the_past_as_it_was(
    planted: tuple[Tape, FloatArray], how: Perturbation
) -> None:
    tape, probs = planted
    moment_ns = int(tape.bars.close_ns[len(tape.bars) // 2])
    changed, changed_probs = perturb(tape, probs, moment_ns, how, np.random.default_rng(0))
    bars, news = (frame.take(stamps <= moment_ns) for frame, stamps in known_by(tape))
    bars_left, news_left = (frame.take(stamps <= moment_ns) for frame, stamps in known_by(changed))
    for name in ("open_ns", "close_ns", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(bars_left, name), getattr(bars, name))
    assert news_left.headline.tolist() == news.headline.tolist()
    np.testing.assert_array_equal(changed_probs[: len(news)], probs[: len(news)])
    np.testing.assert_array_equal(changed.sessions.open_ns, tape.sessions.open_ns)


@pytest.mark.parametrize("how", PERTURBATIONS)
def test_a_changed_future_is_changed_and_still_a_market(
    planted: tuple[Tape, FloatArray], how: Perturbation
) -> None:
    tape, probs = planted
    half = len(tape.bars) // 2
    changed, changed_probs = perturb(
        tape, probs, int(tape.bars.close_ns[half]), how, np.random.default_rng(0)
    )
    if how == "delete":
        assert len(changed.bars) == half + 1
        assert len(changed.news) == len(changed_probs) < len(probs)
        return
    bars = changed.bars
    assert not np.isclose(bars.close[half + 1 :], tape.bars.close[half + 1 :], rtol=1e-9).any()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    np.testing.assert_allclose(changed_probs.sum(axis=1), 1)
    assert not np.array_equal(changed_probs, probs)


def test_a_leak_says_what_when_and_how() -> None:
    leak = Leak(1_702_672_200_000_000_000, "delete", "strategy peeking")
    assert (
        str(leak) == "strategy peeking known by 2023-12-15T20:30:00 UTC changed when the future was: delete"
    )


def test_progress_is_told_at_every_moment(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    told: list[int] = []
    assert audit(planted[0], recipe, planted[1], 2, told.append) == []
    assert told == [1, 2]
