"""Where starting weights are found, and what is said where they are not."""

import shutil
from pathlib import Path

import pytest

from newsvol.engine.errors import ModelError
from newsvol.engine.hashes import file_hash
from newsvol.models.networks.starting_weights import start_folder, weights_hash


def test_a_folder_is_its_own_start(tiny_start: Path) -> None:
    assert start_folder(str(tiny_start), download=False) == tiny_start


def test_a_start_that_is_not_here_is_not_fetched_unasked() -> None:
    with pytest.raises(ModelError, match=r"'some-org/some-model' is not a folder; name a folder.*--download"):
        start_folder("some-org/some-model", download=False)


def test_weights_are_told_by_what_they_are_not_by_where_they_lie(tiny_start: Path, tmp_path: Path) -> None:
    again = shutil.copytree(tiny_start, tmp_path / "again")
    assert weights_hash(again) == weights_hash(tiny_start)
    assert weights_hash(again) == f"sha256:{file_hash(again / 'model.safetensors')}"


def test_a_start_without_safetensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no model\.safetensors; only safetensors are read"):
        weights_hash(tmp_path)
