"""Real SPY minutes and headlines, where they are: the pipeline's figures are those of the design."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newsvol.engine.arrays import FloatArray
from newsvol.engine.latency import parse_latency
from newsvol.replays.audit.audit import Request, audit
from newsvol.replays.evaluation.run_metrics import SentimentFacts, evaluated_buckets, run_metrics
from newsvol.replays.replay import simulate_portfolios
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.service_times import rule_times
from newsvol.replays.simulation.session import model_ticks, run_session
from newsvol.replays.tapes.importing import ImportRequest, import_tape
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.history import measure_history
from newsvol.signals.volatility.losses import forecast_losses

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def spy(data_dir: Path) -> tuple[Tape, FloatArray]:
    request = ImportRequest(
        bars=(data_dir / "bars/spy_1min_2024-02-20_2025-04-11.parquet",),
        news=tuple(data_dir / f"news/{name}.csv" for name in ("polygon_spy", "bbc_business", "trump_truth")),
    )
    tape = import_tape(request).tape
    return tape, np.random.default_rng(7).dirichlet(np.ones(3), size=len(tape.news))


def test_the_tape_is_whole(spy: tuple[Tape, FloatArray]) -> None:
    tape, _ = spy
    assert (len(tape.bars), len(tape.sessions)) == (111_780, 288)
    assert 1_250 < len(tape.news) < 1_600


def test_har_beats_every_naive_forecast_and_lands_where_the_prototype_did(
    spy: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    tape, probs = spy
    history = measure_history(tape.bars, tape.sessions)
    service = rule_times(parse_latency("zero"), model_ticks(tape, history))
    session = run_session(tape, recipe, history, probs, service)
    last_third = evaluated_buckets(session) & (np.arange(len(history.buckets)) >= len(history.buckets) - 669)
    realized = history.measures.rv[last_third]
    losses = {
        name: forecast_losses(realized, variance[last_third])
        for name, variance in session.forecasts.by_name.items()
    }
    assert losses["log-har-p"]["qlike"] == pytest.approx(0.194, abs=0.005)
    assert losses["log-har-p"]["r2_vol"] == pytest.approx(0.69, abs=0.02)
    assert losses["diurnal-ewma"]["qlike"] == pytest.approx(0.32, abs=0.02)
    assert min(losses, key=lambda name: losses[name]["qlike"]) in ("log-har-p", "fused")


def test_no_look_ahead_on_real_data(spy: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    assert audit(spy[0], Request(recipe.model_dump(), moments=12)).findings == ()


def measured(tape: Tape, probs: FloatArray, recipe: Recipe) -> dict[str, Any]:
    history = measure_history(tape.bars, tape.sessions)
    service = rule_times(parse_latency("zero"), model_ticks(tape, history))
    session = run_session(tape, recipe, history, probs, service)
    facts = SentimentFacts("drawn", None, "none", len(probs), 0)
    return run_metrics(tape, session, simulate_portfolios(tape, recipe, session), "zero", facts)


def test_a_target_of_ten_percent_realises_ten_nights_included(
    spy: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    metrics = measured(*spy, recipe.with_changes(strategies=("vol_target",)))
    # nights are 40% of the variance: without them it is 12.5
    assert metrics["strategies"]["vol_target"]["fills"]["bridge"]["annual_vol_pct"] == pytest.approx(
        10, abs=0.5
    )


def test_five_months_without_bars_are_no_session_and_no_return(
    spy: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    tape, probs = spy
    gone = slice(130, 235)
    begin, end = tape.sessions.open_ns[gone.start], tape.sessions.close_ns[gone.stop - 1]
    kept = (tape.bars.close_ns <= begin) | (tape.bars.open_ns >= end)
    torn = replace(tape, bars=tape.bars.take(kept))
    resumed = int(np.argmax(torn.bars.open_ns >= end))
    found = {}
    for jump in (1.0, 1.5):
        later = np.arange(len(torn.bars)) >= resumed
        prices = {
            name: np.where(later, getattr(torn.bars, name) * jump, getattr(torn.bars, name))
            for name in ("open", "high", "low", "close")
        }
        jumped = replace(torn, bars=replace(torn.bars, **prices))
        metrics = measured(jumped, probs, recipe.with_changes(strategies=("vol_target",)))
        span = metrics["span"]
        assert (span["empty_sessions"], span["longest_gap_sessions"], span["long_gaps"]) == (105, 105, 1)
        found[jump] = {name: run["fills"]["bridge"] for name, run in metrics["strategies"].items()}
    for name, plain in found[1.0].items():
        assert plain["annual_vol_pct"] < 30, name
        for figure in (
            "total_return_pct",
            "annual_vol_pct",
            "sharpe",
            "max_drawdown_pct",
            "turnover_per_year",
        ):
            # the cash that costs are paid from buys other shares, and that is all
            assert found[1.5][name][figure] == pytest.approx(plain[figure], rel=0.02, abs=0.02), (
                name,
                figure,
            )
