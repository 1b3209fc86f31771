"""The records of a file before anything is understood: what readers make and importers take."""

import re
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from newsvol.engine.arrays import IntArray

UNDECODABLE = "\ufdd0"
"""Stands for a byte that is not text in the file's encoding; a noncharacter that no file may contain."""


@dataclass(frozen=True)
class RawTable:
    """The records of one file, before anything is understood.

    Attributes
    ----------
    name : str
    form : {"text", "typed", "lean"}
        "text" cells are all strings, "typed" ones come from Parquet, "lean" is a LEAN zip.
    frame : DataFrame, shape (T, columns)
    row : IntArray, shape (T,)
        Each record's number in the file, from 1, header and blank lines counted.
    malformed : tuple of (row, reason, text)
        Records that have another number of fields than the file; not in `frame`.
    has_header : bool
        Without one the columns are named "1", "2", ... by position.
    notes : tuple of str
        What was skipped to get at the records.
    symbol : str, optional
        The instrument that the container names.
    """

    name: str
    form: Literal["text", "typed", "lean"]
    frame: pd.DataFrame
    row: IntArray
    malformed: tuple[tuple[int, str, str], ...]
    sha256: str
    has_header: bool = True
    notes: tuple[str, ...] = ()
    symbol: str | None = None

    def __len__(self) -> int:
        return len(self.frame) + len(self.malformed)


def plain(column: object) -> str:
    """Return a column name without case, spaces and punctuation, as it is matched."""
    return re.sub(r"[^a-z0-9]", "", str(column).lower())
