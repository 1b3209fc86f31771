"""One golden replay: its numbers change on purpose only.

    python tests/replays/test_golden.py

writes golden.json anew.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import RunError, TapeError
from newsvol.replays.replay import replay
from newsvol.replays.simulation.recipe import load_recipe
from newsvol.replays.tapes.synth import Market, perfect_reading, synthesize

GOLDEN = Path(__file__).with_name("golden.json")
TABLES = ("forecasts", "scores", "ledger", "service", "decide", "orders", "equity")


class PerfectScorer:
    """Reads synthetic headlines right: each text means what it was written to mean."""

    name, model_hash, device = "perfect", "sha256:perfect", "cpu"

    def __init__(self, market: Market) -> None:
        tape, truth = synthesize(market)
        self._known = dict(zip(tape.news.headline, perfect_reading(truth), strict=True))

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        return np.array([self._known[text] for text in texts]).reshape(-1, 3)


def golden_replay(folder: Path, latency: str = "constant:25", market: Market | None = None) -> dict[str, Any]:
    market = market or Market()
    tape, _ = synthesize(market)
    recipe = load_recipe(None).with_changes(latency=latency)
    replay(tape, recipe, folder, load=lambda _model, _device: PerfectScorer(market))
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return metrics


def rounded(value: Any) -> Any:
    """Eight significant digits: processors differ in the last bits of exp and log."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return float(f"{value:.8g}") if isinstance(value, float) and math.isfinite(value) else value


@pytest.fixture(scope="module")
def golden_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden") / "run"
    golden_replay(folder)
    return folder


def test_the_golden_replay_gives_the_golden_numbers(golden_run: Path) -> None:
    metrics = json.loads((golden_run / "metrics.json").read_text())
    assert rounded(metrics) == json.loads(GOLDEN.read_text())


def test_the_same_inputs_give_the_same_bytes(golden_run: Path, tmp_path: Path) -> None:
    golden_replay(tmp_path / "again")
    for file in sorted(golden_run.iterdir()):
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name


def test_the_run_folder_holds_what_it_promises(golden_run: Path) -> None:
    promised = {"manifest.json", "recipe.yaml", "metrics.json", "report.html"}
    promised |= {f"{name}.parquet" for name in TABLES}
    assert {file.name for file in golden_run.iterdir()} == promised


def test_a_measured_run_replays_from_its_recording(tmp_path: Path) -> None:
    market = Market(sessions=150, headlines=200)
    measured = golden_replay(tmp_path / "measured", "measured", market)
    again = golden_replay(tmp_path / "again", f"recorded:{tmp_path / 'measured'}", market)
    for name in TABLES:
        first, second = ((tmp_path / run / f"{name}.parquet").read_bytes() for run in ("measured", "again"))
        assert first == second, name
    assert again["strategies"] == measured["strategies"]
    assert again["forecast"] == measured["forecast"]
    assert measured["latency"]["stages"]["headline"]["score"]["p50_ms"] > 0
    assert measured["latency"]["stages"]["bucket_end"]["forecast"]["p50_ms"] > 0


def test_a_recording_of_another_tape_is_refused(golden_run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="recorded another tape"):
        golden_replay(tmp_path / "other", f"recorded:{golden_run}", Market(sessions=150, headlines=200))
    assert list(tmp_path.iterdir()) == []


def test_a_tape_too_short_to_forecast_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match=r"too short.*min_window"):
        golden_replay(tmp_path / "short", market=Market(sessions=40, headlines=10))
    assert list(tmp_path.iterdir()) == []


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        GOLDEN.write_text(json.dumps(rounded(golden_replay(Path(scratch) / "run")), indent=1) + "\n")
