"""A saved tape can be trusted."""

import json

import pandas as pd
import pytest
from vendor_bars import minute_bars, write_bars

from newsvol.engine.errors import TapeError
from newsvol.replays.tapes.check import check_tape
from newsvol.replays.tapes.importing import ImportRequest, import_tape

MINUTE = 60_000_000_000


@pytest.fixture(scope="module")
def tape_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checking")
    bars = minute_bars("2024-11-27", "2024-12-02").drop(index=[*range(100, 130), 400])
    (folder / "news.csv").write_text("time,title\n2024-11-29T15:00:01Z,up\n2024-11-29T16:00:01Z,up\n")
    file = write_bars(bars, folder / "bars.csv")
    import_tape(ImportRequest(bars=(file,), news=(folder / "news.csv",))).save(folder / "tape")
    return folder / "tape"


def copy_of(folder, tmp_path):
    copied = tmp_path / "tape"
    copied.mkdir()
    for file in folder.iterdir():
        (copied / file.name).write_bytes(file.read_bytes())
    return copied


def test_a_whole_tape_is_measured_again(tape_folder):
    found = check_tape(tape_folder)
    assert found.half_days == ("2024-11-29",)
    assert found.clock_changes == ()
    assert found.repeated_headlines == 1
    assert found.calendar_agrees
    assert found.coverage.bars_expected == 390 + 210 + 390
    assert found.coverage.missing_minutes == 31
    assert found.as_json()["gaps"][0] == {
        "first_utc": "2024-11-27T16:10:00",
        "last_utc": "2024-11-27T16:40:00",
        "minutes": 30,
    }


@pytest.mark.parametrize("file", ["bars.parquet", "news.parquet", "sessions.parquet"])
def test_a_changed_column_is_damage(tape_folder, tmp_path, file):
    folder = copy_of(tape_folder, tmp_path)
    frame = pd.read_parquet(folder / file)
    frame.iloc[-1:].to_parquet(folder / file)
    with pytest.raises(TapeError, match="changed after it was made"):
        check_tape(folder)


def test_a_torn_file_is_damage(tape_folder, tmp_path):
    folder = copy_of(tape_folder, tmp_path)
    (folder / "bars.parquet").write_bytes((folder / "bars.parquet").read_bytes()[:500])
    with pytest.raises(TapeError, match="damaged"):
        check_tape(folder)


def test_counts_that_do_not_match_the_bars_are_damage(tape_folder, tmp_path):
    folder = copy_of(tape_folder, tmp_path)
    about = json.loads((folder / "tape.json").read_text())
    about["counts"]["missing_minutes"] = 0
    (folder / "tape.json").write_text(json.dumps(about))
    with pytest.raises(TapeError, match=r"counts 0 missing_minutes, found 31"):
        check_tape(folder)
