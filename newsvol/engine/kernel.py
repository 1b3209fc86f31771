"""Compiled kernels, and where their machine code is kept."""

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, overload

import numba

F = TypeVar("F", bound=Callable[..., Any])
ErrorModel = Literal["python", "numpy"]


@overload
def kernel(function: F, /) -> F: ...


@overload
def kernel(*, error_model: ErrorModel = "python") -> Callable[[F], F]: ...


def kernel(function: F | None = None, /, *, error_model: ErrorModel = "python") -> F | Callable[[F], F]:
    """Compile a function on its first call, and keep the machine code for the next process.

    ``numba.njit(cache=True)`` fails at import where neither the package nor the user's cache folder can be
    written, as in a container. Here the code is then kept in a folder under the temporary one, and where
    that cannot be had either, in memory only. What is computed is the same to the bit in all three.

    Parameters
    ----------
    function : callable
        A function that numba can compile. Left out where the decorator is given options.
    error_model : {"python", "numpy"}
        What a division by zero does: raise `ZeroDivisionError`, or give inf and nan as arrays do.

    Returns
    -------
    callable
        The compiled function; it has the signature of `function`.

    Examples
    --------
    >>> @kernel
    ... def twice_nb(x: float) -> float:
    ...     return 2.0 * x
    >>> @kernel(error_model="numpy")
    ... def share_nb(x: float, whole: float) -> float:
    ...     return x / whole
    """

    def compiled(plain: F) -> F:
        with suppress(RuntimeError):  # "cannot cache function ...: no locator available"
            return _compiled(plain, error_model, keep=True)
        cache_elsewhere()
        with suppress(RuntimeError):  # no temporary folder either, or nothing can be written into it
            return _compiled(plain, error_model, keep=True)
        return _compiled(plain, error_model, keep=False)

    return compiled if function is None else compiled(function)


@cache
def cache_elsewhere() -> None:
    """Let numba keep machine code in a temporary folder of this user, where there can be one.

    That holds for all that is compiled later, vectorbt's kernels included. Only for when numba has found no
    folder: code that is kept in the package or in the user's cache folder lasts longer.
    """
    folder = _own_folder()
    if folder is not None:
        settings: Any = numba.config  # numba writes its settings into the module when it is imported
        settings.CACHE_DIR = str(folder)


def _compiled(function: F, error_model: ErrorModel, keep: bool) -> F:
    compiled: Any = numba.njit(cache=keep, error_model=error_model)(function)
    return cast(F, compiled)


def _own_folder() -> Path | None:
    """Return a folder that only this user can write: machine code that others put there would be run."""
    user = os.getuid()
    try:
        folder = Path(tempfile.gettempdir()) / f"newsvol-numba-{user}"
        with suppress(FileExistsError):  # ours from an earlier process, or someone else's: seen below
            folder.mkdir(mode=0o700)
        found = folder.lstat()  # a link is not followed: its owner could turn it elsewhere later
    except OSError:
        return None
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == user and not found.st_mode & 0o077
    return folder if ours else None
