"""Folders that appear whole or not at all."""

import os
from pathlib import Path

import pytest

from newsvol.engine.errors import OutputError
from newsvol.replays.folders import new_file, new_folder, require_writable


def test_a_read_only_place_is_refused_before_the_work(tmp_path: Path) -> None:
    place = tmp_path / "locked"
    place.mkdir()
    place.chmod(0o555)
    with pytest.raises(OutputError, match="read-only"), new_folder(place / "out"):
        pytest.fail("the work was started")
    place.chmod(0o755)
    assert os.listdir(place) == []


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_failure_or_ctrl_c_leaves_nothing_behind(tmp_path: Path, failure: type[BaseException]) -> None:
    def fail_half_way() -> None:
        with new_folder(tmp_path / "out") as making:
            (making / "half.txt").write_text("half")
            raise failure

    with pytest.raises(failure):
        fail_half_way()
    assert os.listdir(tmp_path) == []


def test_a_finished_folder_is_whole_and_open_to_others(tmp_path: Path) -> None:
    with new_folder(tmp_path / "deep" / "out") as making:
        (making / "a.txt").write_text("a")
        assert not (tmp_path / "deep" / "out").exists()
    assert (tmp_path / "deep" / "out" / "a.txt").read_text() == "a"
    assert os.listdir(tmp_path / "deep") == ["out"]
    assert (tmp_path / "deep" / "out").stat().st_mode & 0o777 == 0o755


def test_an_empty_folder_may_be_filled_and_a_full_one_may_not(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with new_folder(tmp_path / "out") as making:
        (making / "a.txt").write_text("a")
    with pytest.raises(OutputError, match="exists already; name another --out"), new_folder(tmp_path / "out"):
        pytest.fail("the work was started")
    assert (tmp_path / "out" / "a.txt").read_text() == "a"


def test_a_file_is_in_the_way_as_itself_and_as_a_parent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for target in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(OutputError, match="name another --out"):
            require_writable(target)
    assert (tmp_path / "file").read_text() == "mine"


def test_asking_whether_a_place_can_be_written_makes_nothing(tmp_path: Path) -> None:
    require_writable(tmp_path / "a" / "b" / "c")
    assert os.listdir(tmp_path) == []


def test_a_file_is_new_and_whole_or_not_there(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b.json"
    new_file(file, "{}")
    assert file.read_text() == "{}"
    with pytest.raises(OutputError, match="exists already"):
        new_file(file, "other")
    assert file.read_text() == "{}"
    with pytest.raises(OutputError, match="cannot write"):
        new_file(file / "below", "other")
    assert os.listdir(file.parent) == ["b.json"]
