"""The golden replay gives the golden numbers; rewritten by tests/support/golden_replay.py."""

import json
from pathlib import Path

from golden_replay import FILE, golden_replay, rounded


def test_the_golden_replay_gives_the_golden_numbers(golden_run: Path) -> None:
    metrics = json.loads((golden_run / "metrics.json").read_text())
    assert rounded(metrics) == json.loads(FILE.read_text())


def test_the_same_inputs_give_the_same_bytes(golden_run: Path, tmp_path: Path) -> None:
    golden_replay(tmp_path / "again")
    for file in sorted(golden_run.iterdir()):
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name
