"""Folders that appear whole or not at all."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newsvol.engine.errors import OutputError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a hidden folder beside `target` that is renamed to it on success and removed on any failure.

    Ctrl-C included: a killed command leaves either the whole folder or nothing.

    Raises
    ------
    OutputError
        `target` exists and is not empty, its parent cannot be written, or there is no room for it.
    """
    require_writable(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror}; name another --out") from error
    try:
        making.chmod(0o755)
        yield making
        if target.exists():
            target.rmdir()
        making.rename(target)
    except BaseException as error:
        shutil.rmtree(making, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in _NO_ROOM:  # arrow says it without the file
            raise OutputError(
                f"cannot write {target}: {os.strerror(error.errno)}; name another --out"
            ) from error
        raise


def require_writable(target: Path) -> None:
    """Raise `OutputError` now, before the work, if `target` could not be made later; makes nothing."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OutputError(f"{target} exists already; name another --out, or remove it")
    place = target.absolute()
    dead = next((one for one in (place, *place.parents) if one.is_symlink() and not one.exists()), None)
    if dead is not None:
        raise OutputError(f"cannot write {target}: {dead} is a link to nothing; name another --out")
    place = place.parent
    while not place.exists():
        place = place.parent
    # os.access says yes to root on a folder without the write bit, so the bit is asked too.
    if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK) and place.stat().st_mode & 0o222):
        raise OutputError(f"cannot write {target}: {place} is read-only or no folder; name another --out")


def new_file(target: Path, content: str) -> None:
    """Write `content` to a file that is not there yet; it appears whole or not at all.

    Raises
    ------
    OutputError
        There is such a file, or it cannot be written.
    """
    if target.exists():
        raise OutputError(f"{target} exists already; name another --out, or remove it")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
            making = Path(scratch) / target.name
            making.write_text(content, encoding="utf-8")
            making.rename(target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror}; name another --out") from error
