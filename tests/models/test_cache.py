"""The cache: what is read back is what was written, or nothing."""

import os
from pathlib import Path

import pytest

from newsvol.models.cache import cache_folder, recall, remember


def test_what_was_remembered_is_recalled(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "thing"
    for payload in (b"", b"one", b"another, longer"):
        remember(file, payload)
        assert recall(file) == payload
    assert [each.name for each in file.parent.iterdir()] == ["thing"]


def test_what_was_never_written_is_not_there(tmp_path: Path) -> None:
    assert recall(tmp_path / "nothing") is None


@pytest.mark.parametrize("keep", [0, 20, 35])
def test_a_file_that_was_cut_is_not_recalled(tmp_path: Path, keep: int) -> None:
    file = tmp_path / "thing"
    remember(file, b"whole")
    file.write_bytes(file.read_bytes()[:keep])
    assert recall(file) is None


def test_one_flipped_bit_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    file = tmp_path / "thing"
    remember(file, b"whole")
    content = file.read_bytes()
    for place in range(len(content)):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert recall(file) is None


def test_a_place_that_cannot_be_written_is_done_without_and_gets_no_litter(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    remember(tmp_path / "file" / "thing", b"x")
    (tmp_path / "taken").mkdir()
    remember(tmp_path / "taken", b"x")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "taken"]


def test_each_kind_has_a_folder_within_the_named_cache() -> None:
    assert cache_folder("models") == Path(os.environ["NEWSVOL_CACHE"]) / "newsvol" / "models"
    assert cache_folder("scores") != cache_folder("models")
