"""The error tree.

::

    NewsvolError
    |-- InputError               what the user gave cannot be used; the command line exits with 2
    |   |-- TapeError            bars, news or a tape folder
    |   |   |-- ConventionError  a stamp, zone or column convention could not be proven
    |   |   `-- QuarantineError  a file with more bad rows than are allowed
    |   |-- RecipeError          a recipe file or one of its keys
    |   |-- UnknownNameError     no strategy, forecaster, model ... of that name
    |   |-- ModelError           a checkpoint that is corrupt, incomplete or not the pinned one
    |   |-- DeviceError          a device that was asked for and is not there
    |   |-- RunError             a run folder that cannot be read
    |   `-- OutputError          a place that cannot be written
    `-- LookAheadError           something tried to move the clock back
        `-- PeekingError         a strategy decides by what comes later; an InputError too

Messages say what was found, where (file, row, key) and what to do, in one line.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class NewsvolError(Exception):
    """Root of everything newsvol raises on purpose."""


class InputError(NewsvolError, ValueError):
    """What the user gave cannot be used."""


class TapeError(InputError):
    """Bars, news or a tape folder cannot be used."""


class ConventionError(TapeError):
    """A stamp, time-zone or column convention could not be proven; say it with an option."""


class QuarantineError(TapeError):
    """A file has more bad rows than are allowed.

    Attributes
    ----------
    rows : DataFrame
        The rows that cannot be used, columns ``file, row, reason, text``.
    """

    def __init__(self, message: str, rows: Any) -> None:
        super().__init__(message)
        self.rows = rows


class RecipeError(InputError):
    """A recipe cannot be used."""


class UnknownNameError(InputError):
    """No thing of that kind has that name.

    Parameters
    ----------
    kind : str
        What was looked for ("strategy").
    name : str
        The name that was given.
    known : iterable of str
        The names that exist; the nearest is offered.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(f"unknown {kind} {name!r}{nearest(name, names)}; known: {', '.join(names)}")


class ModelError(InputError):
    """A checkpoint is corrupt, incomplete or not the pinned one."""


class DeviceError(InputError):
    """A device was asked for that is not there."""


class RunError(InputError):
    """A run folder cannot be read."""


class OutputError(InputError):
    """A place cannot be written."""


class LookAheadError(NewsvolError):
    """Something tried to move the clock back."""


class PeekingError(LookAheadError, InputError):
    """A strategy decides by what comes later, or by more than it declares."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the closest known name, or an empty string."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def first_line(error: BaseException) -> str:
    """Return the first line of what `error` says that is not empty; its kind where it says nothing."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
