"""Hashes: of files and of what a piece of text means."""

import hashlib
from pathlib import Path

from newsvol.engine.errors import InputError


def file_hash(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def input_hash(file: Path, what: str) -> str:
    """Return ``sha256:...`` of a file that a user named.

    Parameters
    ----------
    what : str
        What it holds, for the message.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        return f"sha256:{file_hash(file)}"
    except OSError as error:
        raise InputError(f"cannot read the {what} in {file}: {error.strerror}") from error


def short_hash(content_hash: str) -> str:
    """Return the first twelve digits of a ``sha256:...``."""
    return content_hash.removeprefix("sha256:")[:12]


def text_hash(text: str) -> str:
    """Return ``sha256:...`` of `text`."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
