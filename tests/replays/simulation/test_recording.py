"""What an earlier run measured comes back, for as many ticks of the same kinds; see runs/test_recorded.py."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from newsvol.engine.errors import RunError
from newsvol.engine.frames import DecisionFrame
from newsvol.engine.ticks import TickFrame
from newsvol.replays.runs.reader import load_run
from newsvol.replays.simulation.recording import Recording, recording_hash
from newsvol.strategies.builtin import BuyAndHold


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


@pytest.mark.parametrize("other", [slice(1, None), slice(None, -1), slice(0, 0)])
def test_another_number_of_decisions_than_was_recorded_is_refused(golden_run: Path, other: slice) -> None:
    run = load_run(golden_run)
    decided = run.table("decide").column("strategy").to_pylist().count("buy_and_hold")
    rows = np.arange(decided + 2)
    every = DecisionFrame(rows, rows, rows, rows, rows, *(rows.astype(float) for _ in range(7)))
    frame = every.take(slice(0, decided))
    weight, taken = Recording(golden_run).decide_anew("buy_and_hold", BuyAndHold(), frame)
    assert len(weight) == len(taken) == decided
    # the rows are of no market: what was decided in the recording is not decided here
    with pytest.raises(
        RunError, match=r"recorded that 'buy_and_hold' decides nan at row 0 .* it decides 1 now"
    ):
        Recording(golden_run).decide("buy_and_hold", BuyAndHold(), frame)
    for wrong in (frame.take(other), every):
        message = rf"recorded {decided} decisions of 'buy_and_hold', this replay makes {len(wrong)}$"
        with pytest.raises(RunError, match=message):
            Recording(golden_run).decide("buy_and_hold", BuyAndHold(), wrong)
