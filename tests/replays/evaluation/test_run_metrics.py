"""The metrics of a run: what is measured, from where on, and against what."""

from dataclasses import replace

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_MINUTE, FloatArray
from newsvol.engine.frames import BarFrame, NewsFrame, SessionFrame
from newsvol.engine.latency import parse_latency
from newsvol.replays.evaluation.run_metrics import (
    BASELINES,
    SentimentFacts,
    evaluated_buckets,
    first_traded_session,
    run_metrics,
    traded_sessions,
)
from newsvol.replays.replay import simulate_portfolios
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.service_times import rule_times
from newsvol.replays.simulation.session import Session, model_ticks, run_session
from newsvol.replays.tapes.tape import Tape, TapeInfo
from newsvol.signals.volatility.history import measure_history
from newsvol.signals.volatility.losses import forecast_losses

FACTS = SentimentFacts("perfect", "sha256:perfect", "cpu", 1000, 1000)


@pytest.fixture(scope="module")
def session(planted: tuple[Tape, FloatArray], recipe: Recipe) -> Session:
    tape, probs = planted
    history = measure_history(tape.bars, tape.sessions)
    service = rule_times(parse_latency("constant:5"), model_ticks(tape, history))
    return run_session(tape, recipe.with_changes(strategies=("vol_target",)), history, probs, service)


@pytest.fixture(scope="module")
def metrics(planted: tuple[Tape, FloatArray], recipe: Recipe, session: Session) -> dict:
    portfolios = simulate_portfolios(planted[0], recipe, session)
    return run_metrics(planted[0], session, portfolios, "constant:5", FACTS)


def test_every_forecast_is_judged_on_the_buckets_that_all_have(session: Session, metrics: dict) -> None:
    rows = evaluated_buckets(session)
    for variance in session.forecasts.by_name.values():
        assert np.isfinite(variance[rows]).all()
    realized = session.history.measures.rv[rows]
    for name, model in metrics["forecast"]["models"].items():
        plain = forecast_losses(realized, session.forecasts.by_name[name][rows])
        assert model["qlike"] == plain["qlike"]
    assert metrics["span"]["evaluated_buckets"] == rows.sum()


def test_a_bucket_in_which_no_price_moved_is_not_judged(session: Session) -> None:
    rows = evaluated_buckets(session)
    still = session.history.measures.rv.copy()
    still[np.flatnonzero(rows)[:3]] = [0.0, np.nan, 1e-9]
    measures = replace(session.history.measures, rv=still)
    stood = replace(session, history=replace(session.history, measures=measures))
    assert evaluated_buckets(stood).sum() == rows.sum() - 2


def test_har_has_no_lead_over_itself_and_the_base_is_named_by_kind(metrics: dict) -> None:
    models = metrics["forecast"]["models"]
    assert models["log-har-p"]["qlike_vs_har_pct"] == 0.0
    assert models["log-har-p"]["dm_t_vs_har"] is None
    assert {models[name]["kind"] for name in ("log-har-p", "fused", "diurnal")} == {"har", "fused", "naive"}


def test_strategies_are_measured_from_the_first_forecast_on(session: Session) -> None:
    first = first_traded_session(session)
    fused, buckets = session.forecasts.by_name["fused"], session.history.buckets
    assert not np.isfinite(fused[buckets.session < first]).any()
    assert np.isfinite(fused[buckets.session == first]).any()


def test_baselines_are_told_and_buy_and_hold_has_no_lead_over_itself(metrics: dict) -> None:
    told = {name for name, result in metrics["strategies"].items() if result["baseline"]}
    assert told == set(BASELINES)
    for result in metrics["strategies"]["buy_and_hold"]["fills"].values():
        assert result["sharpe_t_vs_hold"] is None


def test_latency_is_told_by_kind_of_tick(metrics: dict) -> None:
    stages = metrics["latency"]["stages"]
    assert stages["headline"]["score"]["p50_ms"] == 5.0
    assert stages["bucket_end"]["forecast"]["p50_ms"] == 5.0
    assert stages["bucket_end"]["score"]["p50_ms"] == 0.0


def test_the_close_of_a_session_is_its_last_bar_and_that_of_an_empty_one_the_bar_before() -> None:
    opens = np.array([0, 1, 10, 11, 12])
    prices = np.ones(5)
    bars = BarFrame(opens, opens + 1, prices, prices, prices, prices, prices)
    sessions = SessionFrame(np.array([0, 5, 10]), np.array([2, 7, 12]))
    news = NewsFrame(*(np.empty(0, np.int64) for _ in range(4)), np.empty(0, object), np.empty(0, object))
    found = traded_sessions(Tape(bars, news, sessions, TapeInfo("X")), 0)
    assert found.close_bar.tolist() == [1, 1, 3]
    assert found.counted.all()
    assert found.resumed_bar.tolist() == []
    assert found.per_year == pytest.approx(252, abs=2)


def test_what_the_tape_lacks_is_counted(
    planted: tuple[Tape, FloatArray], recipe: Recipe, metrics: dict
) -> None:
    tape, probs = planted
    whole = metrics["span"]
    assert (whole["empty_sessions"], whole["longest_gap_sessions"], whole["long_gaps"]) == (0, 0, 0)
    assert (whole["missing_buckets"], whole["scaled_buckets"]) == (0, 0)
    assert whole["hours_per_year"] / whole["sessions_per_year"] == pytest.approx(6.5, abs=0.05)
    minute = (tape.bars.open_ns - tape.sessions.open_ns[150]) // NS_PER_MINUTE
    gone = (tape.bars.open_ns >= tape.sessions.open_ns[160]) & (
        tape.bars.open_ns < tape.sessions.open_ns[180]
    )
    gone |= ((minute >= 70) & (minute < 120)) | ((minute >= 120) & (minute < 130))
    torn = replace(tape, bars=tape.bars.take(~gone))
    history = measure_history(torn.bars, torn.sessions)
    service = rule_times(parse_latency("zero"), model_ticks(torn, history))
    session = run_session(torn, recipe.with_changes(strategies=("vol_target",)), history, probs, service)
    span = run_metrics(torn, session, simulate_portfolios(torn, recipe, session), "zero", FACTS)["span"]
    assert (span["sessions"], span["empty_sessions"]) == (250, 20)
    assert (span["longest_gap_sessions"], span["long_gaps"]) == (20, 1)
    assert (span["missing_buckets"], span["scaled_buckets"]) == (1, 1)
