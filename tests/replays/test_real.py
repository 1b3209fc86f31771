"""Real SPY minutes and headlines, where they are: the pipeline's figures are those of the design."""

from pathlib import Path

import numpy as np
import pytest

from newsvol.engine.arrays import FloatArray
from newsvol.engine.latency import parse_latency
from newsvol.replays.audit.audit import Request, audit
from newsvol.replays.evaluation.run_metrics import evaluated_buckets
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
