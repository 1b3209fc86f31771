"""One golden replay: its numbers change on purpose only.

    python tests/support/golden_replay.py

writes tests/replays/golden.json anew.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.replays.replay import replay
from newsvol.replays.simulation.recipe import load_recipe
from newsvol.replays.tapes.synth import Market, perfect_reading, synthesize

FILE = Path(__file__).parents[1] / "replays" / "golden.json"


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


def main() -> None:
    """Replay the shipped recipe on the default market, and write its metrics."""
    with TemporaryDirectory() as scratch:
        content = rounded(golden_replay(Path(scratch) / "run"))
    FILE.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
