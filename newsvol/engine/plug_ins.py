"""What strategies and forecasters of other packages give: whose it is, and whether it is one number a row."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import InputError, first_line

PACKAGE = __name__.partition(".")[0]

_ROUNDING = 1e-9
"""Sums over a few rows and over a whole column may round apart by this share."""


def package_of(thing: Any) -> str:
    """Return the package in which a class, a function, or the class of an object stands."""
    return str(getattr(thing, "__module__", "?")).partition(".")[0]


def called(kind: str, name: str, thing: Any) -> str:
    """Return what messages call it: ``strategy 'calm_only' of mypackage``, without "of" where newsvol's."""
    package = package_of(thing)
    return f"{kind} {name!r}" + ("" if package == PACKAGE else f" of {package}")


def one_number_each(given: Any, rows: int, whose: str, what: str, row: str) -> FloatArray:
    """Return `given` as an array of float64, shape (`rows`,).

    Parameters
    ----------
    whose : str
        As `called` says.
    what, row : str
        What the numbers are ("weights"), and what there is one for ("tick").

    Raises
    ------
    InputError
        It holds no numbers, or not one a row.
    """
    try:
        numbers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{whose} gives no numbers ({first_line(error)}); give an array of {what}"
        ) from error
    if numbers.shape != (rows,):
        raise InputError(
            f"{whose} gives {what} of shape {numbers.shape} for {rows} {row}s; "
            f"give one a {row}: shape ({rows},)"
        )
    return numbers


@contextmanager
def only_reading(whose: str) -> Iterator[None]:
    """Say whose fault it is when a plug-in writes into what it was handed to read.

    Raises
    ------
    InputError
        It tried to.
    """
    try:
        yield
    except ValueError as error:
        if "read-only" in str(error) or "WRITEABLE" in str(error):
            raise InputError(
                f"{whose} writes into columns that others read too; let it change a copy: values.copy()"
            ) from error
        raise


def differing_rows(live: FloatArray, columns: FloatArray, *, exactly: bool) -> IntArray:
    """Return the rows in which two columns say something else, shape (R,).

    Parameters
    ----------
    exactly : bool
        To the bit; otherwise within 1e-9 of the larger. Missing values must be in the same rows.
    """
    tolerance = 0.0 if exactly else _ROUNDING
    with np.errstate(invalid="ignore"):
        close = np.abs(live - columns) <= tolerance * np.maximum(np.abs(live), np.abs(columns))
    # two equal infinities have no difference
    same = close | (live == columns) | (np.isnan(live) & np.isnan(columns))
    return np.flatnonzero(~same)
