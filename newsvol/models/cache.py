"""What can be made again, kept in the user's cache folder: read back only if it is what was written."""

import hashlib
import os
import tempfile
from pathlib import Path

_CHECKSUM_BYTES = 32
"""A cached file is the SHA-256 of its payload, then the payload."""


def cache_folder(kind: str) -> Path:
    """Return where a kind of things ("models") is kept: in ``NEWSVOL_CACHE``, or the user's cache folder."""
    root = os.environ.get("NEWSVOL_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "newsvol" / kind


def recall(file: Path) -> bytes | None:
    """Return the payload of `file`; None where it is absent, unreadable or not what was written."""
    try:
        with file.open("rb") as stream:
            checksum, payload = stream.read(_CHECKSUM_BYTES), stream.read()
    except OSError:
        return None
    return payload if hashlib.sha256(payload).digest() == checksum else None


def remember(file: Path, payload: bytes) -> None:
    """Write `payload` to `file`, whole or not at all; a cache that cannot be written is done without."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(hashlib.sha256(payload).digest())
                stream.write(payload)
            Path(name).replace(file)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError:
        return  # a full or read-only disk costs time on the next load, not the load
