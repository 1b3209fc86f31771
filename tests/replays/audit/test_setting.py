"""What the audit's interpreters are told."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newsvol.replays.audit.setting import without_measuring, write_setting
from newsvol.replays.tapes.synth import Market, synthetic_tape
from newsvol.replays.tapes.tape import Tape, load_tape


@pytest.fixture(scope="module")
def tape() -> Tape:
    """Sixty sessions of a made-up market."""
    return synthetic_tape(Market(sessions=60, headlines=300))


def told(tmp_path: Path, tape: Tape, content: dict[str, Any], seed: int = 7) -> dict[str, Any]:
    tmp_path.mkdir(exist_ok=True)
    return write_setting(tmp_path, tape, content, "mine.yaml", Path("here"), (Path("a.csv"),), seed)


def test_a_setting_is_plain_values_and_paths_that_hold_anywhere(tmp_path, tape):
    content = {
        "span": {"first": date(2024, 2, 20)},
        "volatility": {"events": Path("e.csv")},
        "list": (1, "x"),
    }
    setting = told(tmp_path, tape, content)
    assert json.loads(json.dumps(setting)) == setting
    assert setting["content"] == {
        "span": {"first": "2024-02-20"},
        "volatility": {"events": "e.csv"},
        "list": [1, "x"],
    }
    assert setting["where"] == "mine.yaml"
    assert setting["folder"] == str(Path.cwd() / "here")
    assert setting["allowed"] == [str(Path.cwd() / "a.csv")]
    assert all(Path(place).is_absolute() for place in setting["path"])


def test_the_tape_is_there_with_a_drawn_sentiment(tmp_path, tape):
    setting = told(tmp_path, tape, {})
    assert load_tape(Path(setting["tape"])).content_hash() == tape.content_hash()
    probs = np.load(setting["probs"])
    assert probs.shape == (len(tape.news), 3)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0)
    leaning = probs.argmax(axis=1)
    changes = np.count_nonzero(np.diff(leaning))
    assert set(leaning) == {0, 1, 2}
    assert changes < 0.4 * len(probs)  # stretches of one sign: of independent draws two thirds change


def test_the_seed_draws_the_sentiment(tmp_path, tape):
    first, same, other = (
        np.load(told(tmp_path / str(place), tape, {}, seed)["probs"]) for place, seed in enumerate((1, 1, 2))
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("model", "audited"),
    [
        (None, "zero"),
        ("measured", "zero"),
        ("recorded:runs/1", "zero"),
        ("zero", "zero"),
        ("fixed:250", "fixed:250"),
    ],
)
def test_an_audit_measures_no_time_and_reads_no_recording(model, audited):
    latency = {"order_ms": 3} if model is None else {"order_ms": 3, "model": model}
    content = {"fill": "next_open", "latency": latency}
    assert without_measuring(content) == {"fill": "next_open", "latency": {"order_ms": 3, "model": audited}}
    assert content["latency"] == latency
    assert without_measuring({})["latency"] == {"model": "zero"}
