"""Service times: by rule, or measured."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_MS, FloatArray, IntArray
from newsvol.engine.frames import DecisionFrame
from newsvol.engine.latency import parse_latency
from newsvol.engine.ticks import TickFrame, TickKind
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.service_times import (
    ServiceTimes,
    rule_times,
)
from newsvol.replays.simulation.session import model_ticks, run_session
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.history import measure_history
from newsvol.strategies.protocol import Strategy

TICKS = TickFrame(
    np.array([10, 20, 30]),
    np.array([TickKind.SESSION_OPEN, TickKind.HEADLINE, TickKind.BUCKET_END]),
    np.array([0, 0, 0]),
)


def test_a_headline_is_charged_for_scoring_and_any_other_tick_for_forecasting() -> None:
    charged = rule_times(parse_latency("constant:2.5"), TICKS)
    assert charged.score_ns.tolist() == [0, 2.5 * NS_PER_MS, 0]
    assert charged.forecast_ns.tolist() == [2.5 * NS_PER_MS, 0, 2.5 * NS_PER_MS]


def test_zero_charges_nothing() -> None:
    charged = rule_times(parse_latency("zero"), TICKS)
    assert not charged.score_ns.any()
    assert not charged.forecast_ns.any()


def test_live_decisions_are_what_is_traded(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    tape, probs = planted
    history = measure_history(tape.bars, tape.sessions)
    none = np.zeros(len(model_ticks(tape, history)), dtype=np.int64)
    only = recipe.with_changes(strategies=("vol_target",))

    def decide(_name: str, _strategy: Strategy, frame: DecisionFrame) -> tuple[FloatArray, IntArray]:
        return np.where(np.isfinite(frame.variance), 0.25, np.nan), np.full(len(frame), 7)

    run = run_session(tape, only, history, probs, ServiceTimes(none, none), decide).strategies["vol_target"]
    assert run.targets.weight.tolist() == [0.25]
    assert set(run.decide_ns.tolist()) == {7}


def test_what_was_charged_cannot_be_replaced() -> None:
    charged = rule_times(parse_latency("zero"), TICKS)
    with pytest.raises(FrozenInstanceError):
        charged.score_ns = charged.forecast_ns  # type: ignore[misc]
