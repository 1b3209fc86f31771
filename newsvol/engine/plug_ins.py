"""What strategies and forecasters of other packages give: whose it is, and whether it is one number a row."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import InputError, first_line
from newsvol.engine.hashes import file_hash, short_hash, text_hash

PACKAGE = __name__.partition(".")[0]

_ROUNDING = 1e-9
"""Sums over a few rows and over a whole column may round apart by this share."""


@dataclass(frozen=True)
class PlugIn:
    """Whose a strategy or forecaster is, and in which state.

    Attributes
    ----------
    module : str
        In which it stands.
    module_hash : str or None
        ``sha256:...`` of the code of the package that it stands in, and of the distribution that registers
        it; None where there is no file, as in a notebook.
    package, version : str or None
        The distribution that registers it; None where none does (`Registry.lend`).
    """

    module: str
    module_hash: str | None
    package: str | None
    version: str | None

    def __str__(self) -> str:
        owner = f"{self.package} {self.version}" if self.package is not None else "no installed package"
        file = short_hash(self.module_hash) if self.module_hash is not None else "no file"
        return f"{self.module} of {owner} ({file})"


def package_of(thing: Any) -> str:
    """Return the package in which a class, a function, or the class of an object stands."""
    return str(getattr(thing, "__module__", "?")).partition(".")[0]


def is_own(thing: Any) -> bool:
    """Return whether newsvol brings the class, the function, or the class of the object."""
    return package_of(thing) == PACKAGE


def plug_in_of(factory: Any, distribution: Distribution | None = None) -> PlugIn | None:
    """Return what there is to know of where `factory` came from; None for newsvol's own.

    Parameters
    ----------
    distribution : Distribution, optional
        The installed package whose entry point named it.
    """
    while isinstance(factory, partial):  # it says of itself that it stands in functools
        factory = factory.func
    if is_own(factory):
        return None
    module = str(getattr(factory, "__module__", "?"))
    return PlugIn(
        module=module,
        module_hash=_code_hash(module, distribution),
        package=distribution.name if distribution is not None else None,
        version=distribution.version if distribution is not None else None,
    )


def _code_hash(module: str, distribution: Distribution | None) -> str | None:
    """Return one hash of every Python file of the module's package and of the distribution."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None or not Path(file).is_file():
        return None
    root = getattr(sys.modules.get(module.partition(".")[0]), "__file__", None) or file
    sources = {Path(file).resolve()}
    if Path(root).name == "__init__.py":
        sources |= {source.resolve() for source in Path(root).parent.rglob("*.py")}
    for entry in (distribution.files or []) if distribution is not None else []:
        if entry.suffix == ".py":
            sources.add(Path(str(entry.locate())).resolve())
    hashes = sorted(file_hash(source) for source in sources if source.is_file())
    return text_hash("\n".join(hashes))


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
