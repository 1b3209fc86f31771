"""What an earlier run measured is charged again, to the same tape only."""

from pathlib import Path

import numpy as np
import pytest
from golden_replay import golden_replay

from newsvol.engine.errors import RunError
from newsvol.engine.ticks import TickFrame
from newsvol.replays.runs.reader import load_run
from newsvol.replays.simulation.recording import Recording
from newsvol.replays.tapes.synth import Market


def test_a_recording_of_another_tape_is_refused(golden_run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="recorded another tape"):
        golden_replay(tmp_path / "other", f"recorded:{golden_run}", Market(sessions=150, headlines=200))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no recorded service times; name the folder of a finished run"):
        Recording(tmp_path)


def test_what_was_said_and_charged_comes_back(golden_run: Path) -> None:
    recording, run = Recording(golden_run), load_run(golden_run)
    scores, service = run.table("scores"), run.table("service")
    np.testing.assert_array_equal(recording.probs()[:, 2], scores.column("positive").to_numpy())
    kind = service.column("kind").to_numpy()
    ticks = TickFrame(np.arange(len(kind)), kind, np.zeros_like(kind))
    times = recording.times(ticks)
    np.testing.assert_array_equal(times.score_ns, service.column("score_ns").to_numpy())
    np.testing.assert_array_equal(times.forecast_ns, service.column("forecast_ns").to_numpy())


def test_as_many_ticks_of_other_kinds_are_another_tape(golden_run: Path) -> None:
    kind = load_run(golden_run).table("service").column("kind").to_numpy()
    turned = TickFrame(np.arange(len(kind)), kind[::-1].copy(), np.zeros_like(kind))
    with pytest.raises(RunError, match=r"recorded another tape, .*manifest\.json"):
        Recording(golden_run).times(turned)
