"""The live pass: models run tick by tick, charged to the nanosecond, and what they say is what is traded."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import LookAheadError, PeekingError
from newsvol.engine.ticks import TickKind
from newsvol.replays.replay import replay
from newsvol.replays.report.wording import prefix_notices
from newsvol.replays.simulation.live_pass import LiveModels, LiveNumbers, forecast_live, measure_models
from newsvol.replays.simulation.recipe import Recipe, load_recipe
from newsvol.replays.simulation.service_times import ServiceTimes
from newsvol.replays.simulation.session import Scope, charge, live_models, model_ticks, run_session
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.live import LiveForecast
from newsvol.signals.sentiment import signed_score
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.har_specifications import build_har
from newsvol.signals.volatility.history import VolHistory, measure_history
from newsvol.signals.volatility.protocol import ForecastStep
from newsvol.strategies.contract import WARM_UP_CALLS

BASELINE = Scope(("buy_and_hold",), ())


class EchoScorer:
    """Says of the n-th text that it is asked about n times 'neutral', and remembers what it was asked."""

    name, model_hash, device = "echo", "sha256:echo", "cpu"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def probabilities(self, texts: list[str]) -> FloatArray:
        self.asked += texts
        return np.array([[0.0, len(text), 0.0] for text in texts])


def first_sessions(tape: Tape, count: int) -> Tape:
    """The first sessions of a tape, and the headlines in them."""
    end_ns = tape.sessions.close_ns[count - 1]
    return Tape(
        tape.bars.take(tape.bars.close_ns <= end_ns),
        tape.news.take(tape.news.available_ns <= end_ns),
        tape.sessions.take(slice(count)),
        tape.info,
    )


@pytest.fixture(scope="module")
def small(planted: tuple[Tape, FloatArray]) -> Tape:
    return first_sessions(planted[0], 30)


def recipe_of(form: str = "log_linear") -> Recipe:
    changes = {"fusion.form": form, "volatility.window": 600, "volatility.min_window": 150}
    return load_recipe(changes={**changes, "latency.model": "zero"})


def test_models_are_run_at_every_tick_and_each_headline_is_scored_alone(small: Tape) -> None:
    history, scorer = measure_history(small.bars, small.sessions), EchoScorer()
    ticks = model_ticks(small, history)
    texts = small.news.headline.tolist()
    told: list[int] = []
    times, probs, _ = measure_models(
        ticks, scorer, texts, lambda: live_models(small, recipe_of(), history), told.append
    )
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
    backwards = model_ticks(small, history).take(slice(None, None, -1))
    with pytest.raises(LookAheadError):
        measure_models(
            backwards,
            EchoScorer(),
            small.news.headline.tolist(),
            lambda: live_models(small, recipe_of(), history),
        )


def test_every_call_is_charged_what_the_clock_says_and_nothing_else(small: Tape) -> None:
    """With a clock that a call moves on by a known amount, each charge is exact."""
    now = [1_000]

    class SlowScorer(EchoScorer):
        def probabilities(self, texts: list[str]) -> FloatArray:
            now[0] += 1_000_000 * len(texts[0])
            return super().probabilities(texts)

    class SlowForecast(LiveForecast):
        def on_tick(self, available_ns: int, scored_ns: int, *, begins: bool) -> tuple[float, float]:
            now[0] += 10 + begins
            return super().on_tick(available_ns, scored_ns, begins=begins)

    history = measure_history(small.bars, small.sessions)
    ticks, texts = model_ticks(small, history), small.news.headline.tolist()

    def slow_models() -> LiveModels:
        models = live_models(small, recipe_of(), history)
        models.forecast.__class__ = SlowForecast
        return models

    times, _, _ = measure_models(ticks, SlowScorer(), texts, slow_models, now_ns=lambda: now[0])
    is_headline = ticks.kind == TickKind.HEADLINE
    lengths = np.array([len(text) for text in texts])
    assert times.score_ns[is_headline].tolist() == (1_000_000 * lengths[ticks.item[is_headline]]).tolist()
    assert not times.score_ns[~is_headline].any()
    assert times.forecast_ns.tolist() == (10 + ~is_headline).tolist()


@dataclass(frozen=True)
class Sleepy:
    """A user's forecaster that needs five seconds, as a fake clock has it; without a live step."""

    now: list[int]

    def forecast(self, history: VolHistory) -> FloatArray:
        self.now[0] += 5_000_000_000
        return np.full(len(history.buckets), 1e-6)


def test_a_forecaster_without_a_live_step_is_charged_for_running_it(small: Tape) -> None:
    now = [0]
    history = measure_history(small.bars, small.sessions)
    ticks, texts = model_ticks(small, history), small.news.headline.tolist()
    with FORECASTERS.lend("sleepy", lambda: Sleepy(now)):
        recipe = load_recipe(changes={"volatility.forecaster": "sleepy"})
        times, _, numbers = measure_models(
            ticks,
            EchoScorer(),
            texts,
            lambda: live_models(small, recipe, history),
            now_ns=lambda: now[0],
        )
    begins = np.isin(ticks.kind, [TickKind.SESSION_OPEN, TickKind.BUCKET_END])
    # one bucket is forecast at the tick that ends the one before, the first at the first tick
    forecasts = begins & (ticks.kind == TickKind.BUCKET_END)
    forecasts[0] = True
    forecasts[-1] = False
    assert times.forecast_ns.tolist() == (5_000_000_000 * forecasts).tolist()
    assert (numbers.base == 1e-6).all()


@pytest.mark.parametrize("form", ["log_linear", "weighted_sum", "none"])
@settings(max_examples=4)
@given(seed=st.integers(0, 2**20), longest_ms=st.sampled_from([0, 1, 60_000]))
def test_live_numbers_are_the_columnar_ones_at_every_tick(
    planted: tuple[Tape, FloatArray], form: str, seed: int, longest_ms: int
) -> None:
    tape, probs = first_sessions(planted[0], 100), planted[1]
    probs = probs[: len(tape.news)]
    history, rng = measure_history(tape.bars, tape.sessions), np.random.default_rng(seed)
    ticks = model_ticks(tape, history)
    drawn = rng.integers(0, longest_ms * 1_000_000 + 1, (2, len(ticks)))
    service, recipe = ServiceTimes(drawn[0] * (ticks.kind == TickKind.HEADLINE), drawn[1]), recipe_of(form)
    live = forecast_live(
        charge(tape, history, service), signed_score(probs), live_models(tape, recipe, history)
    )
    columns = run_session(tape, recipe, history, probs, service, scope=BASELINE).forecasts
    assert np.isfinite(columns.fused).sum() > 200
    assert np.array_equal(live.fused, columns.fused, equal_nan=True)
    assert np.array_equal(live.tone, columns.tone, equal_nan=True)
    assert np.array_equal(live.base, columns.by_name["log-har-p"], equal_nan=True)
    assert np.array_equal(live.naive, columns.by_name["diurnal-ewma"], equal_nan=True)


def test_measured_headlines_are_read_when_the_queue_has_done_them(small: Tape) -> None:
    """A scorer that takes an hour, as a fake clock has it: the columns of that queue say the same."""
    now = [0]

    class HourScorer(EchoScorer):
        def probabilities(self, texts: list[str]) -> FloatArray:
            now[0] += 3_600_000_000_000
            return np.array([[0.1, 0.2, 0.7] for _ in texts])

    history, recipe = measure_history(small.bars, small.sessions), recipe_of()
    ticks, texts = model_ticks(small, history), small.news.headline.tolist()
    service, probs, live = measure_models(
        ticks, HourScorer(), texts, lambda: live_models(small, recipe, history), now_ns=lambda: now[0]
    )
    run_session(small, recipe, history, probs, service, scope=BASELINE, live=live)
    at_once = run_session(
        small,
        recipe,
        history,
        probs,
        ServiceTimes(0 * service.score_ns, 0 * service.score_ns),
        scope=BASELINE,
    )
    assert not np.array_equal(live.tone, at_once.forecasts.tone)


@pytest.mark.parametrize("what", ["fused", "tone", "naive", "diurnal", "night_share"])
def test_columns_that_say_something_else_stop_the_replay(planted: tuple[Tape, FloatArray], what: str) -> None:
    tape = first_sessions(planted[0], 60)
    probs, history = planted[1][: len(tape.news)], measure_history(tape.bars, tape.sessions)
    none = np.zeros(len(model_ticks(tape, history)), dtype=np.int64)
    service, recipe = ServiceTimes(none, none), recipe_of()
    live = forecast_live(
        charge(tape, history, service), signed_score(probs), live_models(tape, recipe, history)
    )

    def run(numbers: LiveNumbers) -> FloatArray:
        return run_session(
            tape, recipe, history, probs, service, scope=BASELINE, live=numbers
        ).forecasts.fused

    assert np.isfinite(run(live)).any()
    other = getattr(live, what).copy()
    row = int(np.flatnonzero(np.isfinite(other))[-30])
    other[row] = np.nextafter(other[row], np.inf)
    with pytest.raises(LookAheadError, match=rf"at tick {row:,} \(.* UTC\) .* 1 of .* ticks differ"):
        run(replace(live, **{what: other}))


@pytest.mark.parametrize(("name", "said"), [("sleepy", True), ("log-har-p", False)])
def test_a_run_says_that_its_forecaster_has_no_live_step(
    planted: tuple[Tape, FloatArray], tmp_path: Path, name: str, said: bool
) -> None:
    tape = first_sessions(planted[0], 50)
    changes = {
        "volatility.forecaster": name,
        "volatility.window": 100,
        "volatility.min_window": 20,
        "latency.model": "measured",
        "strategies": [{"name": "vol_target"}],
    }
    with FORECASTERS.lend("sleepy", lambda: Sleepy([0])):
        run = replay(tape, load_recipe(changes=changes), tmp_path / "run", load=lambda _m, _d: EchoScorer())
    told = " ".join(prefix_notices(run.metrics))
    assert told.startswith("sleepy has no live step: before each bucket it was run on its whole past") == said
    assert (told in (tmp_path / "run" / "report.html").read_text()) == said or not told


@dataclass(frozen=True)
class Noisy:
    """Honest live; its columns are noise from row 400 on."""

    window: int
    min_window: int

    def forecast(self, history: VolHistory) -> FloatArray:
        honest = build_har("log-har-p", self.window, self.min_window).forecast(history)
        rng = np.random.default_rng(0)
        return np.where(np.arange(len(honest)) < 400, honest, rng.uniform(1e-7, 1e-5, len(honest)))

    def live(self, buckets: BucketFrame) -> ForecastStep:
        return build_har("log-har-p", self.window, self.min_window).live(buckets)


def test_a_measured_run_trades_live_numbers_and_stops_where_the_columns_are_noise(
    planted: tuple[Tape, FloatArray], tmp_path: Path
) -> None:
    tape = first_sessions(planted[0], 60)
    with FORECASTERS.lend("noisy", Noisy):
        recipe = load_recipe(
            changes={
                "volatility.forecaster": "noisy",
                "volatility.min_window": 100,
                "latency.model": "measured",
            }
        )
        with pytest.raises(PeekingError, match=r"forecaster 'noisy' .* for bucket 400 .* 20 of 420 differ"):
            replay(tape, recipe, tmp_path / "run", load=lambda _model, _device: EchoScorer())
    assert not list(tmp_path.iterdir())
