"""Service times: by rule, or measured."""

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_MS, FloatArray, IntArray
from newsvol.engine.errors import LookAheadError
from newsvol.engine.frames import DecisionFrame
from newsvol.engine.latency import parse_latency
from newsvol.engine.ticks import TickFrame, TickKind
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.service_times import (
    LiveForecast,
    ServiceTimes,
    measure_models,
    rule_times,
)
from newsvol.replays.simulation.session import model_ticks, run_session
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.har_specifications import Har
from newsvol.signals.volatility.history import measure_history
from newsvol.strategies.contract import WARM_UP_CALLS
from newsvol.strategies.protocol import Strategy

TICKS = TickFrame(
    np.array([10, 20, 30]),
    np.array([TickKind.SESSION_OPEN, TickKind.HEADLINE, TickKind.BUCKET_END]),
    np.array([0, 0, 0]),
)


class EchoScorer:
    """Says of the n-th text that it is asked about n times 'neutral', and remembers what it was asked."""

    name, model_hash, device = "echo", "sha256:echo", "cpu"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def probabilities(self, texts: list[str]) -> FloatArray:
        self.asked += texts
        return np.array([[0.0, len(text), 0.0] for text in texts])


@pytest.fixture(scope="module")
def small(planted: tuple[Tape, FloatArray]) -> Tape:
    """The first thirty sessions of the planted market, and their headlines."""
    tape = planted[0]
    end_ns = tape.sessions.close_ns[29]
    return Tape(
        tape.bars.take(tape.bars.close_ns <= end_ns),
        tape.news.take(tape.news.available_ns <= end_ns),
        tape.sessions.take(slice(30)),
        tape.info,
    )


def test_a_headline_is_charged_for_scoring_and_any_other_tick_for_forecasting() -> None:
    charged = rule_times(parse_latency("constant:2.5"), TICKS)
    assert charged.score_ns.tolist() == [0, 2.5 * NS_PER_MS, 0]
    assert charged.forecast_ns.tolist() == [2.5 * NS_PER_MS, 0, 2.5 * NS_PER_MS]


def test_zero_charges_nothing() -> None:
    charged = rule_times(parse_latency("zero"), TICKS)
    assert not charged.score_ns.any()
    assert not charged.forecast_ns.any()


def test_models_are_run_at_every_tick_and_each_headline_is_scored_alone(small: Tape) -> None:
    history, scorer = measure_history(small.bars, small.sessions), EchoScorer()
    ticks = model_ticks(small, history)
    texts = small.news.headline.tolist()
    live = LiveForecast(small.bars, history, (Har(),), small.news.available_ns)
    told: list[int] = []
    times, probs = measure_models(ticks, scorer, texts, live, told.append)
    assert scorer.asked[: min(WARM_UP_CALLS, len(texts))] == texts[:WARM_UP_CALLS]
    assert scorer.asked[min(WARM_UP_CALLS, len(texts)) :] == texts
    assert probs[:, 1].tolist() == [len(text) for text in texts]
    headline = ticks.kind == TickKind.HEADLINE
    assert (times.score_ns[headline] > 0).all()
    assert not times.score_ns[~headline].any()
    assert (times.forecast_ns > 0).all()
    assert told == list(range(len(ticks)))


def test_ticks_out_of_order_are_not_walked(small: Tape) -> None:
    history = measure_history(small.bars, small.sessions)
    live = LiveForecast(small.bars, history, (), small.news.available_ns)
    backwards = model_ticks(small, history).take(slice(None, None, -1))
    with pytest.raises(LookAheadError):
        measure_models(backwards, EchoScorer(), small.news.headline.tolist(), live)


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


def test_every_call_is_charged_what_the_clock_says(small: Tape) -> None:
    """With a clock that a call moves on by a known amount, each charge is exact."""
    now = [1_000]

    class SlowScorer(EchoScorer):
        def probabilities(self, texts: list[str]) -> FloatArray:
            now[0] += 1_000_000 * len(texts[0])
            return super().probabilities(texts)

    class SlowForecast(LiveForecast):
        def on_tick(self, now_ns: int, kind: int, item: int, probs: FloatArray) -> None:
            now[0] += 10 + kind
            super().on_tick(now_ns, kind, item, probs)

    history = measure_history(small.bars, small.sessions)
    ticks, texts = model_ticks(small, history), small.news.headline.tolist()
    live = SlowForecast(small.bars, history, (Har(),), small.news.available_ns)
    times, _ = measure_models(ticks, SlowScorer(), texts, live, now_ns=lambda: now[0])
    is_headline = ticks.kind == TickKind.HEADLINE
    lengths = np.array([len(text) for text in texts])
    assert times.score_ns[is_headline].tolist() == (1_000_000 * lengths[ticks.item[is_headline]]).tolist()
    assert not times.score_ns[~is_headline].any()
    assert times.forecast_ns.tolist() == (10 + ticks.kind).tolist()
