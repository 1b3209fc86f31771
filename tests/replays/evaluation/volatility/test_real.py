"""What the forecasts must show on real minutes: the last third of SPY, the crash of April 2025 included."""

from pathlib import Path

import pytest

from newsvol.replays.evaluation.volatility.evaluation import Evaluation, Request, evaluate
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.tapes.importing import ImportRequest, import_tape

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def found(data_dir: Path, recipe: Recipe) -> Evaluation:
    bars = data_dir / "bars/spy_1min_2024-02-20_2025-04-11.parquet"
    asked = Request(forecasters=("har", "log-har-p", "log-har-p-full"))
    return evaluate(import_tape(ImportRequest(bars=(bars,))).tape, recipe, None, asked)


def test_the_span_is_the_one_that_was_named_before_looking(found: Evaluation) -> None:
    assert found.rows.sum() == 669
    assert found.board.best_naive == "diurnal-ewma"


def test_the_default_forecaster_beats_raw_har_and_the_best_naive_beyond_chance(found: Evaluation) -> None:
    score = found.board.models["log-har-p"]
    assert score.qlike == pytest.approx(0.194, abs=0.002)
    assert score.dm_har.t == pytest.approx(5.0, abs=0.3)
    assert score.dm_best.t == pytest.approx(4.3, abs=0.3)


def test_the_full_forecaster_is_a_third_better_than_raw_har(found: Evaluation) -> None:
    models = found.board.models
    score = models["log-har-p-full"]
    assert score.qlike < 0.68 * models["har"].qlike
    assert score.qlike < 0.58 * models["diurnal-ewma"].qlike
    assert score.r2_vol > 0.70
    assert min(score.dm_har.t, score.dm_best.t) > 4
    assert score.in_set
    # no forecast is better than perfect
    assert 0.02 < found.board.noise_floor < score.qlike
