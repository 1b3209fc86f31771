"""Raw files to columns: CSV in any encoding, Parquet, LEAN zips. Nothing is interpreted here."""

import csv
import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from newsvol.engine.arrays import IntArray
from newsvol.engine.errors import TapeError, first_line

UNDECODABLE = "\ufdd0"
"""Stands for a byte that is not text in the file's encoding; a noncharacter that no file may contain."""

_LEAN_ROW = re.compile(r"\d{8} \d\d:\d\d(,\d+){5}$")
_LEAN_COLUMNS = ["stamp", "open", "high", "low", "close", "volume"]
_HEADER_SEARCH = 10
_DELIMITERS = "\t;|,"
"""The comma last: it also stands within numbers."""


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
    split_at : str
        What stands between the fields of a text file.
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
    split_at: str = ","

    def __len__(self) -> int:
        return len(self.frame) + len(self.malformed)


def plain(column: object) -> str:
    """Return a column name without case, spaces and punctuation, as it is matched."""
    return re.sub(r"[^a-z0-9]", "", str(column).lower())


def read_table(file: Path, name: str, known_names: Set[str], lines_in_a_cell: int) -> RawTable:
    """Read `file` into columns.

    Parameters
    ----------
    name : str
        What the file is called in messages and reports.
    known_names : set of str
        Normalised column names (`plain`) by which a header row is recognised.
    lines_in_a_cell : int
        Line breaks that a quoted cell may hold; more of them are an unclosed quote.

    Raises
    ------
    TapeError
        The file is missing, a folder, empty, or neither CSV, Parquet nor a LEAN zip.
    """
    if file.is_dir():
        raise TapeError(f"{file} is a folder; name the files in it")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise TapeError(f"cannot read {file}: {(error.strerror or 'unreadable').lower()}") from None
    if not data.strip():
        raise TapeError(f"{file} is empty")
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith(b"PAR1"):
        return _read_parquet(data, name, digest)
    if data.startswith(b"PK\x03\x04"):
        return _read_zip(data, name, digest)
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise TapeError(f"{name} is a damaged gzip file ({error})") from None
    return read_text(data, name, digest, known_names, lines_in_a_cell)


def _read_parquet(data: bytes, name: str, digest: str) -> RawTable:
    try:
        frame = pa.parquet.read_table(io.BytesIO(data)).to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TapeError(f"{name} is not readable Parquet ({first_line(error)})") from None
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    frame.columns = pd.Index([str(column) for column in frame.columns])
    if not len(frame):
        raise TapeError(f"{name} has no rows")
    return RawTable(name, "typed", frame, np.arange(1, len(frame) + 1), (), digest)


def _read_zip(data: bytes, name: str, digest: str) -> RawTable:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.namelist() if member.lower().endswith(".csv")]
            if len(members) != 1:
                raise TapeError(f"{name} holds {len(members)} CSV files; a LEAN zip holds one")
            text = archive.read(members[0]).decode("utf-8", errors="replace")
    except (zipfile.BadZipFile, EOFError, RuntimeError, zlib.error) as error:
        raise TapeError(f"{name} is a damaged zip file ({error})") from None
    first = text.split("\n", 1)[0].strip()
    if not _LEAN_ROW.match(first):
        raise TapeError(
            f"{name} is not a LEAN hour or daily zip: its first row is {first[:60]!r}, "
            "not 'YYYYMMDD HH:MM,open,high,low,close,volume' in 1/10,000; unpack it and import the CSV"
        )
    table, malformed = parse_csv(text, ",", _LEAN_COLUMNS, name, 0)
    row = rows_present(len(table), malformed, 0)
    symbol = Path(members[0]).stem.split("_")[0].upper()
    return RawTable(name, "lean", table, row, malformed, digest, has_header=False, symbol=symbol)


def read_text(data: bytes, name: str, digest: str, known_names: Set[str], lines_in_a_cell: int) -> RawTable:
    text = _decode(data, name)
    if "\n" not in text:
        text = text.replace("\r", "\n")
    delimiter = _delimiter(text, known_names)
    sample = _sample(text, delimiter)
    notes: tuple[str, ...] = ()
    for number, (record, end_line) in enumerate(sample):
        columns = [cell.strip() for cell in record]
        if sum(plain(cell) in known_names for cell in columns) >= 2:
            has_header, skipped, lines = True, number + 1, end_line
            if number:
                notes = (f"{number} line{'s' * (number > 1)} above the header skipped",)
            break
    else:
        has_header, skipped, lines = False, 0, 0
        columns = [str(place) for place in range(1, max(len(record) for record, _ in sample) + 1)]
    body = _after_lines(text, lines)
    if not body.strip():
        raise TapeError(f"{name} has a header and no rows")
    table, malformed = parse_csv(body, delimiter, _unique(columns), name, skipped)
    row = rows_present(len(table), malformed, skipped)
    _require_closed_quotes(table, row, malformed, lines_in_a_cell, name)
    return RawTable(name, "text", table, row, malformed, digest, has_header, notes, split_at=delimiter)


def _decode(data: bytes, name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace").replace("\ufffd", UNDECODABLE)
    if b"\x00" in data[:4096]:
        raise TapeError(f"{name} is neither CSV, Parquet nor a LEAN zip")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        lenient = data.decode("utf-8-sig", errors="surrogateescape")
        return re.sub("[\udc80-\udcff]+", UNDECODABLE, lenient)


def _delimiter(text: str, known_names: Set[str]) -> str:
    """Return the mark that makes most known names of the header, else the one that cuts all lines alike.

    Counting marks will not do: a row of "497,89;497,95;..." has about as many commas as semicolons.
    """
    samples = {mark: [record for record, _ in _sample(text, mark)] for mark in _DELIMITERS}
    named = {
        mark: max(sum(plain(cell) in known_names for cell in record) for record in sample)
        for mark, sample in samples.items()
    }
    best = max(named, key=lambda mark: named[mark])
    if named[best] >= 2:
        return best
    for mark in _DELIMITERS:
        lengths = [len(record) for record in samples[mark] if record]
        if len(lengths) > 1 and len(set(lengths)) == 1 and lengths[0] > 1:
            return mark
    head = text[:20_000].splitlines()[:_HEADER_SEARCH]
    return max(_DELIMITERS, key=lambda mark: sum(line.count(mark) for line in head))


def _sample(text: str, delimiter: str) -> list[tuple[list[str], int]]:
    reader = csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=delimiter)
    records: list[tuple[list[str], int]] = []
    try:
        for record in reader:
            records.append((record, reader.line_num))
            if len(records) == _HEADER_SEARCH:
                break
    except csv.Error:
        # An overlong cell near the top: what was read before it has to do.
        pass
    return records or [([""], 0)]


def _after_lines(text: str, lines: int) -> str:
    at = 0
    for _ in range(lines):
        newline = text.find("\n", at)
        if newline < 0:
            return ""
        at = newline + 1
    return text[at:]


def _unique(columns: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    names = []
    for column in columns:
        seen[column] = seen.get(column, 0) + 1
        names.append(column if seen[column] == 1 else f"{column}.{seen[column]}")
    return names


def parse_csv(
    text: str, delimiter: str, columns: list[str], name: str, skipped: int
) -> tuple[pd.DataFrame, tuple[tuple[int, str, str], ...]]:
    malformed: list[tuple[int, str, str]] = []

    def put_aside(record: pa.csv.InvalidRow) -> str:
        reason = f"{record.actual_columns} fields instead of {record.expected_columns}"
        malformed.append((record.number + skipped, reason, record.text))
        return "skip"

    raw = text.encode()
    try:
        table = pa.csv.read_csv(
            io.BytesIO(raw),
            # One block and one thread, so that records are numbered and quoted newlines are never cut.
            read_options=pa.csv.ReadOptions(use_threads=False, column_names=columns, block_size=len(raw) + 1),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=put_aside,
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        raise TapeError(f"{name} is not readable CSV ({first_line(error)})") from None
    frame = table.to_pandas()
    return frame, tuple(malformed)


def _require_closed_quotes(
    frame: pd.DataFrame,
    row: IntArray,
    malformed: tuple[tuple[int, str, str], ...],
    lines_in_a_cell: int,
    name: str,
) -> None:
    swallowed = {number: text.count("\n") for number, _, text in malformed}
    for column in frame:
        lines = frame[column].str.count("\n").to_numpy()
        for at in np.flatnonzero(lines > lines_in_a_cell)[:1]:
            swallowed[int(row[at])] = int(lines[at])
    for number, count in sorted(swallowed.items()):
        if count > lines_in_a_cell:
            raise TapeError(
                f"{name} row {number} has an unclosed quote that swallows {count} lines; close the quote"
            )


def rows_present(kept: int, malformed: tuple[tuple[int, str, str], ...], skipped: int) -> IntArray:
    """Number the kept records: every number after the header that no malformed record has."""
    every = np.arange(skipped + 1, skipped + kept + len(malformed) + 1)
    return np.setdiff1d(every, [number for number, _, _ in malformed])
