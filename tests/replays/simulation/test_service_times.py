"""Service times: by rule, or measured."""

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_MS, FloatArray
from newsvol.engine.errors import LookAheadError
from newsvol.engine.frames import DecisionFrame
from newsvol.engine.latency import parse_latency
from newsvol.engine.ticks import TickFrame, TickKind
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.service_times import (
    WARM_UP_CALLS,
    LiveForecast,
    ServiceTimes,
    measure_decide_time,
    measure_models,
    no_decide_time,
    rule_times,
)
from newsvol.replays.simulation.session import model_ticks, run_session
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.har_specifications import Har
from newsvol.signals.volatility.history import measure_history

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


def test_measured_decisions_are_the_columnar_ones(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    tape, probs = planted
    history = measure_history(tape.bars, tape.sessions)
    none = np.zeros(len(model_ticks(tape, history)), dtype=np.int64)
    only = recipe.with_changes(strategies=("vol_target",))
    measured, columnar = (
        run_session(tape, only, history, probs, ServiceTimes(none, none), timer).strategies["vol_target"]
        for timer in (measure_decide_time, no_decide_time)
    )
    np.testing.assert_array_equal(measured.targets.weight, columnar.targets.weight)
    assert np.all(measured.decide_ns > 0)
    assert not columnar.decide_ns.any()


def test_a_strategy_is_timed_on_the_rows_that_it_may_look_back_on() -> None:
    class Watching:
        every_bar, lookback = False, 3

        def __init__(self) -> None:
            self.seen: list[list[int]] = []

        def decide(self, frame: DecisionFrame) -> FloatArray:
            self.seen.append(frame.tick_ns.tolist())
            return np.zeros(len(frame))

    strategy, whole = Watching(), np.arange(5)
    numbers = dict.fromkeys(("tick_ns", "ready_ns", "kind", "session", "slot"), whole)
    prices = {
        name: whole.astype(np.float64)
        for name in ("minutes_to_close", "close", "anchor", "variance", "annual_vol", "tone")
    }
    taken = measure_decide_time("watching", strategy, DecisionFrame(**numbers, **prices))
    assert strategy.seen[:5] == [[0]] * 5  # warming up: as many calls as there are rows, up to a few
    assert strategy.seen[5:] == [[0], [0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert (taken > 0).all()
