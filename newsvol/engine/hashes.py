"""Hashes: of files and of what a piece of text means."""

import hashlib
from pathlib import Path


def file_hash(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def short_hash(content_hash: str) -> str:
    """Return the first twelve digits of a ``sha256:...``."""
    return content_hash.removeprefix("sha256:")[:12]


def text_hash(text: str) -> str:
    """Return ``sha256:...`` of `text`."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
