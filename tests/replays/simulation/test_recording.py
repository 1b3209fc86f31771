"""What an earlier run measured comes back, for as many ticks of the same kinds; see runs/test_recorded.py."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from newsvol.engine.errors import RunError
from newsvol.engine.ticks import TickFrame
from newsvol.replays.runs.reader import load_run
from newsvol.replays.simulation.recording import Recording, recording_hash


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


def test_as_many_ticks_of_other_kinds_are_refused(golden_run: Path) -> None:
    kind = load_run(golden_run).table("service").column("kind").to_numpy()
    turned = TickFrame(np.arange(len(kind)), kind[::-1].copy(), np.zeros_like(kind))
    with pytest.raises(RunError, match=r"recorded other ticks \(2,994; .*manifest\.json"):
        Recording(golden_run).times(turned)


@pytest.mark.parametrize("name", ["service", "decide", "scores"])
def test_the_hash_of_a_recording_is_of_all_that_is_charged_again(
    golden_run: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(golden_run, folder)
    assert recording_hash(folder) == recording_hash(golden_run) == Recording(folder).content_hash()
    with (folder / f"{name}.parquet").open("ab") as file:
        file.write(b"more")
    assert recording_hash(folder) != recording_hash(golden_run)
