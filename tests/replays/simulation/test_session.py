"""A replay in memory: the queue is charged, the clock is kept, and events agree with columns."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from account import Account

from newsvol.engine.arrays import NS_PER_MS, NS_PER_SECOND, FloatArray, IntArray
from newsvol.engine.clock import SimulatedClock
from newsvol.engine.frames import DecisionFrame
from newsvol.engine.latency import parse_latency
from newsvol.engine.loop import walk
from newsvol.engine.ticks import TickFrame, TickKind
from newsvol.replays.simulation.live_pass import LiveNumbers
from newsvol.replays.simulation.recipe import Recipe, SpanSection
from newsvol.replays.simulation.service_times import ServiceTimes, rule_times
from newsvol.replays.simulation.session import (
    Scope,
    Session,
    build_forecaster,
    costs_of,
    forecasts_of_live,
    model_ticks,
    run_session,
    tape_of_span,
)
from newsvol.replays.tapes.calendar import trading_year
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.aggregate import EXPERTS
from newsvol.signals.volatility.history import measure_history
from newsvol.strategies.portfolio import simulate
from newsvol.strategies.protocol import Strategy


def run(planted: tuple[Tape, FloatArray], recipe: Recipe, latency: str = "zero") -> Session:
    tape, probs = planted
    history = measure_history(tape.bars, tape.sessions)
    return run_session(
        tape, recipe, history, probs, rule_times(parse_latency(latency), model_ticks(tape, history))
    )


@pytest.fixture(scope="module")
def instant(planted: tuple[Tape, FloatArray], recipe: Recipe) -> Session:
    return run(planted, recipe)


@pytest.fixture(scope="module")
def slow(planted: tuple[Tape, FloatArray], recipe: Recipe) -> Session:
    return run(planted, recipe, "constant:60000")


def test_without_latency_everything_is_ready_when_it_is_available(instant: Session) -> None:
    np.testing.assert_array_equal(instant.ticks.forecast_ns, instant.ticks.available_ns)


def test_a_minute_of_service_delays_every_forecast_by_at_least_a_minute(slow: Session) -> None:
    wait = slow.ticks.forecast_ns - slow.ticks.available_ns
    assert wait.min() == 60_000 * NS_PER_MS
    assert wait.max() > 60_000 * NS_PER_MS  # some tick found the model busy


def test_one_worker_scores_and_forecasts_in_turn(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    """A tick that comes while the worker scores or forecasts waits until both are done."""
    tape, probs = planted
    history = measure_history(tape.bars, tape.sessions)
    ticks = model_ticks(tape, history)
    rng = np.random.default_rng(1)
    service = ServiceTimes(*(rng.integers(0, 3_600_000, (2, len(ticks))) * NS_PER_MS))
    done = run_session(tape, recipe, history, probs, service, scope=Scope((), ())).ticks
    free = 0
    started = []
    for row in range(len(ticks)):
        started.append(max(int(ticks.available_ns[row]), free))
        free = started[-1] + int(service.score_ns[row] + service.forecast_ns[row])
    assert done.started_ns.tolist() == started
    np.testing.assert_array_equal(done.scored_ns, done.started_ns + service.score_ns)
    np.testing.assert_array_equal(done.forecast_ns, done.scored_ns + service.forecast_ns)


def test_a_decision_waits_for_the_one_before_it(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    tape, probs = planted
    history = measure_history(tape.bars, tape.sessions)
    none = np.zeros(len(model_ticks(tape, history)), dtype=np.int64)
    four_hours = 4 * 3_600 * NS_PER_SECOND

    def decide(_name: str, _strategy: Strategy, frame: DecisionFrame) -> tuple[FloatArray, IntArray]:
        return np.where(np.isfinite(frame.variance), 0.5, np.nan), np.full(len(frame), four_hours)

    session = run_session(
        tape, recipe, history, probs, ServiceTimes(none, none), decide, scope=Scope(("vol_target",), ())
    )
    run, free_ns, expected = session.strategies["vol_target"], 0, []
    for ready_ns in session.ticks.forecast_ns.tolist():
        free_ns = max(ready_ns, free_ns) + four_hours
        expected.append(free_ns)
    assert run.decided_ns.tolist() == expected
    assert (np.diff(run.decided_ns) >= four_hours).all()


def test_nothing_is_forecast_at_the_last_close(instant: Session, planted: tuple[Tape, FloatArray]) -> None:
    at_the_end = instant.ticks.available_ns >= planted[0].sessions.close_ns[-1]
    assert at_the_end.any()
    assert np.isnan(instant.forecasts.fused[at_the_end]).all()


def test_the_time_that_the_models_take_moves_the_orders(instant: Session, slow: Session) -> None:
    for name in ("vol_target", "news_tilt"):
        early, late = instant.strategies[name].targets, slow.strategies[name].targets
        assert late.decided_ns[0] >= early.decided_ns[0] + 60_000 * NS_PER_MS


def test_a_headline_moves_no_forecast_before_its_score_is_ready(slow: Session) -> None:
    ticks = slow.ticks
    headline = int(np.flatnonzero(ticks.kind == TickKind.HEADLINE)[0])
    before = ticks.scored_ns < ticks.scored_ns[headline]
    assert np.all(slow.forecasts.tone[before] == 0.0)
    assert slow.forecasts.tone[headline] != 0.0 or slow.scores.score[0] == 0.0


def test_headlines_alone_separate_the_fused_forecast_from_har(
    planted: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    tape, probs = planted
    silent = Tape(tape.bars, tape.news.take(slice(0, 0)), tape.sessions, tape.info)
    session = run((silent, probs[:0]), recipe)
    fused, har = session.forecasts.by_name["fused"], session.forecasts.by_name["log-har-p"]
    np.testing.assert_array_equal(fused[1:], har[1:])


def test_every_bucket_is_forecast_at_its_own_beginning(instant: Session) -> None:
    tick = instant.forecasts.bucket_tick
    assert np.all(tick >= 0)
    np.testing.assert_array_equal(instant.ticks.available_ns[tick], instant.history.buckets.open_ns)


def test_stages_of_every_ledger_sum_to_the_total(slow: Session) -> None:
    for strategy in slow.strategies.values():
        durations = strategy.ledger.durations_ns()
        total = durations.pop("total")
        np.testing.assert_array_equal(sum(durations.values()), total)


def test_orders_fill_at_or_after_they_reach_the_market(slow: Session) -> None:
    for strategy in slow.strategies.values():
        for fills in strategy.fills.values():
            assert np.all(fills.filled_ns >= fills.ordered_ns)


def test_the_baselines_always_run(instant: Session) -> None:
    assert list(instant.strategies)[:2] == ["buy_and_hold", "vol_target_naive"]


def test_every_strategy_starts_when_the_traded_forecast_does(instant: Session) -> None:
    known = np.isfinite(instant.forecasts.fused)
    first = instant.ticks.available_ns[known][0]
    for name in ("buy_and_hold", "vol_target", "vol_target_naive", "vol_timing", "news_tilt"):
        assert instant.strategies[name].targets.decided_ns[0] == first


def test_a_strategy_written_event_by_event_makes_the_same_money_to_the_cent(
    planted: tuple[Tape, FloatArray], recipe: Recipe, instant: Session
) -> None:
    """vol_target by hand, with clock, ticks and an account; then the same through vectorbt."""
    tape, _ = planted
    ticks, forecasts, history = instant.ticks, instant.forecasts, instant.history
    account = Account(recipe.cash, costs_of(recipe))
    bars = tape.bars
    order_ns = round(recipe.latency.order_ms * NS_PER_MS)
    hours = trading_year(tape.info.calendar, tape.sessions).hours
    orders: list[tuple[int, float]] = []
    last_sent = [0.0]

    def on_tick(row: int, _kind: int, _item: int) -> None:
        variance = forecasts.fused[row]
        if not np.isfinite(variance):
            return
        bucket = ticks.bucket[row]
        per_hour = variance * 60.0 / history.minutes[bucket] / history.diurnal[bucket]
        weight = min(1.0, 0.10 / np.sqrt(per_hour * hours * (1 + history.night_share[bucket])))
        if last_sent[0] == 0.0 or abs(weight - last_sent[0]) > recipe.rebalance_band:
            last_sent[0] = weight
            orders.append((int(ticks.forecast_ns[row]) + order_ns, weight))

    walk(TickFrame(ticks.available_ns, ticks.kind, ticks.item), SimulatedClock(0), on_tick)
    equity = np.empty(len(bars))
    waiting = list(orders)
    for t in range(len(bars)):
        while waiting and waiting[0][0] < bars.close_ns[t]:
            arrival, weight = waiting.pop(0)
            elapsed = max(0.0, (arrival - bars.open_ns[t]) / (bars.close_ns[t] - bars.open_ns[t]))
            account.fill(weight, bars.open[t] + (bars.close[t] - bars.open[t]) * elapsed)
        equity[t] = account.equity(bars.close[t])
    fills = instant.strategies["vol_target"].fills["bridge"]
    through_vectorbt = simulate(bars, fills, costs_of(recipe), recipe.cash).equity
    assert len(orders) > 200
    assert np.abs(equity - through_vectorbt).max() < 0.01


def test_a_forecaster_that_uses_events_does_without_where_there_are_none(
    recipe: Recipe, instant: Session
) -> None:
    def forecast(name: str, **changes: str) -> FloatArray:
        volatility = recipe.volatility.model_copy(update={"forecaster": name, **changes})
        built = build_forecaster(recipe.model_copy(update={"volatility": volatility}))
        return built.forecast(instant.history)

    without = forecast("log-har-p-full")
    np.testing.assert_array_equal(forecast("log-har-p-events", events="none"), without)
    assert not np.array_equal(forecast("log-har-p-events", events="us"), without, equal_nan=True)


@pytest.mark.parametrize("chosen", ["vol_target_naive", "news_tilt"])
def test_a_scope_runs_the_strategies_that_it_names_whatever_comes_before_them(
    planted: tuple[Tape, FloatArray], recipe: Recipe, instant: Session, chosen: str
) -> None:
    tape, probs = planted
    service = rule_times(parse_latency("zero"), model_ticks(tape, instant.history))
    told: list[str] = []
    only = run_session(
        tape, recipe, instant.history, probs, service, scope=Scope((chosen,)), on_strategy=told.append
    )
    assert list(only.strategies) == told == [chosen]
    np.testing.assert_array_equal(
        only.strategies[chosen].targets.weight, instant.strategies[chosen].targets.weight
    )


def test_a_bucket_at_whose_beginning_nothing_ticked_has_no_forecast_and_not_the_last_one(
    planted: tuple[Tape, FloatArray], recipe: Recipe, instant: Session
) -> None:
    forecasts, buckets = instant.forecasts, len(instant.history.buckets)
    silent, last = buckets - 20, int(forecasts.bucket_tick[-1])
    kept = np.arange(len(instant.ticks)) <= last
    kept[forecasts.bucket_tick[silent]] = False
    numbers = LiveNumbers(
        forecasts.by_name["log-har-p"],
        forecasts.by_name["diurnal-ewma"],
        instant.history.diurnal,
        instant.history.night_share,
        forecasts.fused[kept],
        forecasts.tone[kept],
    )
    found = forecasts_of_live(planted[0], recipe, instant.history, instant.ticks.take(kept), numbers)
    assert np.isfinite(found.fused[-1])
    assert found.bucket_tick[silent] == -1
    expected = forecasts.by_name["fused"].copy()
    expected[silent] = np.nan
    np.testing.assert_array_equal(found.by_name["fused"], expected)


def test_a_span_may_be_the_first_or_the_last_day_of_the_tape(
    planted: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    tape, _ = planted
    begins, ends = tape.days()
    last = recipe.model_copy(update={"span": SpanSection(first=ends)})
    assert len(tape_of_span(tape, last).sessions) == len(tape.sessions)
    first = recipe.model_copy(update={"span": SpanSection(last=begins)})
    assert len(tape_of_span(tape, first).sessions) == 1


def test_what_a_session_computed_cannot_be_replaced(instant: Session) -> None:
    parts = (Scope(), instant, instant.forecasts, instant.strategies["vol_target"])
    for part in parts:
        for name in vars(part):
            with pytest.raises(FrozenInstanceError):
                setattr(part, name, None)


def test_what_was_learnt_online_is_told(
    planted: tuple[Tape, FloatArray], recipe: Recipe, instant: Session
) -> None:
    rows = len(instant.history.buckets)
    news = instant.forecasts.weights["news"]
    assert list(instant.forecasts.weights) == ["news"]
    assert news.shape == (rows,)
    assert 0.09 < news[0] < 0.11
    assert news[-1] > 0.99, "on the planted market the news pays"
    plain = run(planted, recipe.with_changes(changes={"fusion.gate": False}))
    assert plain.forecasts.weights == {}
    combined = run(planted, recipe.with_changes(changes={"volatility.forecaster": "aggregate"})).forecasts
    assert list(combined.weights) == [*EXPERTS, "news"]
    total = np.sum([combined.weights[name] for name in EXPERTS], axis=0)
    np.testing.assert_allclose(total[np.isfinite(combined.by_name["aggregate"])], 1)


def test_without_headlines_no_weight_of_the_news_is_told(
    planted: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    tape, probs = planted
    silent = Tape(tape.bars, tape.news.take(slice(0)), tape.sessions, tape.info)
    assert run((silent, probs[:0]), recipe).forecasts.weights == {}
