"""Hashes: of what a file holds and of what a text says, and of nothing else."""

import hashlib
from pathlib import Path

import pytest

from newsvol.engine.hashes import file_hash, text_hash


@pytest.mark.parametrize("content", [b"", b"abc", bytes(range(256)) * 5000])
def test_a_file_has_the_hash_of_its_bytes_wherever_it_lies(tmp_path: Path, content: bytes) -> None:
    for name in ("one", "other"):
        (tmp_path / name).write_bytes(content)
        assert file_hash(tmp_path / name) == hashlib.sha256(content).hexdigest()


def test_a_file_that_cannot_be_read_is_the_callers_to_explain(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        file_hash(tmp_path / "nothing")


def test_a_text_has_the_published_hash_of_its_utf8() -> None:
    # FIPS 180-2, appendix B.1
    published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert text_hash("abc") == f"sha256:{published}"
    assert text_hash("é") == "sha256:" + hashlib.sha256(b"\xc3\xa9").hexdigest()
    assert text_hash("abc") != text_hash("abc ")
