"""Numbers in text: which mark is the decimal one is proven from the prices of the file."""

from typing import Any, Final

import numpy as np
import pandas as pd

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import ConventionError
from newsvol.replays.tapes.importing.raw_table import RawTable
from newsvol.replays.tapes.importing.request import DecimalMark

_PRICES = ("open", "high", "low", "close")
_ROLES = (*_PRICES, "volume", "trades")
_DRESS = "[$\u20ac\u00a3\\s\u00a0\u202f']"
"""Currency signs, spaces and the Swiss apostrophe say nothing about the decimal mark."""

_POINT = r"[+-]?(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3})?(?:\.\d*)?(?:[eE][+-]?\d+)?"
_COMMA = r"[+-]?(?:\d+|\d{1,3}(?:\.\d{2,3})*\.\d{3})?(?:,\d*)?(?:[eE][+-]?\d+)?"
_MOST = 0.95
_WORDS: Final[dict[DecimalMark, str]] = {"point": "decimal points", "comma": "decimal commas"}


def read_numbers(
    table: RawTable, columns: dict[str, str], declared: DecimalMark | None
) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Read the numbers of a bar file; NaN where a cell is none.

    A price like "497,89" can only have a decimal comma, one like "1,234.50" only a decimal point; "497,275"
    may be either, and is read as the others of its file are. Volumes are read with the mark of the prices,
    unless they prove the other one: "892997.0" is no number with a decimal comma.

    Parameters
    ----------
    declared : {"point", "comma"}, optional
        The user's word for it.

    Returns
    -------
    numbers : dict of role to FloatArray, shape (T,)
        NaN throughout for a role that the file does not have.
    notes : tuple of str
        How the numbers are written, where that is not the plain way.

    Raises
    ------
    ConventionError
        Commas stand in the prices and could be either, or the prices contradict each other.
    """
    texts = {
        role: table.frame[column].astype(str)
        for role, column in columns.items()
        if role in _ROLES and table.frame[column].dtype.kind not in "iufb"
    }
    prices = [texts[role] for role in _PRICES if role in texts]
    mark, notes = _decimal_mark(prices, table.name, declared)
    numbers = {}
    for role in _ROLES:
        if role in texts:
            numbers[role] = _parsed(texts[role], mark if role in _PRICES else _own_mark(texts[role], mark))
        elif role in columns:
            cells = pd.to_numeric(table.frame[columns[role]], errors="coerce")
            numbers[role] = cells.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            numbers[role] = np.full(len(table.frame), np.nan)
    if table.split_at != ",":
        notes = (f"fields are split at {table.split_at!r}", *notes)
    return numbers, notes


def _decimal_mark(
    prices: "list[pd.Series[Any]]", file: str, declared: DecimalMark | None
) -> tuple[DecimalMark, tuple[str, ...]]:
    if declared is not None:
        return declared, (f"{_WORDS[declared]}, by --decimal",)
    if not any(cells.str.contains(",", regex=False).any() for cells in prices):
        return "point", ()
    text = pd.concat([cells[cells.str.contains("[.,]")] for cells in prices])
    text = text.str.replace(_DRESS, "", regex=True)
    votes = _votes(text)
    proofs = sum(votes.values())
    for mark, proving in votes.items():
        if proofs and proving >= _MOST * proofs:
            return mark, (f"{_WORDS[mark]}, which {proving:,} prices prove",)
    if proofs:
        raise ConventionError(
            f"{file}: {votes['comma']:,} of its prices have decimal commas and {votes['point']:,} points; "
            "write them one way, or pass --decimal comma or --decimal point"
        )
    example = next(cell for cell in text if "," in cell)
    raise ConventionError(
        f"{file}: the comma in its prices ({example}) may mark decimals or thousands; "
        "pass --decimal comma or --decimal point"
    )


def _votes(text: "pd.Series[Any]") -> dict[DecimalMark, int]:
    """Count the cells that can be read with one mark only."""
    as_point, as_comma = text.str.fullmatch(_POINT), text.str.fullmatch(_COMMA)
    return {"point": int((as_point & ~as_comma).sum()), "comma": int((as_comma & ~as_point).sum())}


def _own_mark(text: "pd.Series[Any]", of_prices: DecimalMark) -> DecimalMark:
    marked = text[text.str.contains("," if of_prices == "point" else ".", regex=False)]
    if not len(marked):
        return of_prices
    votes = _votes(marked.str.replace(_DRESS, "", regex=True))
    other: DecimalMark = "comma" if of_prices == "point" else "point"
    return other if votes[other] and not votes[of_prices] else of_prices


def _parsed(text: "pd.Series[Any]", mark: DecimalMark) -> FloatArray:
    number = pd.to_numeric(text, errors="coerce").astype(np.float64)
    # With decimal commas "1.234" is a thousand and more; with points, what is a number as it stands is one.
    odd = number.isna() if mark == "point" else text.str.contains("[.,]")
    if odd.any():
        thousands, decimal, form = (",", ".", _POINT) if mark == "point" else (".", ",", _COMMA)
        written = text[odd].str.replace(_DRESS, "", regex=True)
        plain = written.str.replace(thousands, "", regex=False).str.replace(decimal, ".", regex=False)
        number[odd] = pd.to_numeric(plain.where(written.str.fullmatch(form), ""), errors="coerce")
    return np.asarray(number, dtype=np.float64)
