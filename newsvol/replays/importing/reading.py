"""Raw files to columns: CSV in any line ending, Parquet, and LEAN zips. Nothing is interpreted here."""

import gzip
import hashlib
import io
import re
import zipfile
from collections.abc import Set
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from newsvol.engine.errors import TapeError
from newsvol.replays.importing.csv_text import parse_csv, read_text, rows_present
from newsvol.replays.importing.raw_table import RawTable

_LEAN_ROW = re.compile(r"\d{8} \d\d:\d\d(,\d+){5}$")
_LEAN_COLUMNS = ["stamp", "open", "high", "low", "close", "volume"]


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
        except (OSError, EOFError) as error:
            raise TapeError(f"{name} is a damaged gzip file ({error})") from None
    return read_text(data, name, digest, known_names, lines_in_a_cell)


def _read_parquet(data: bytes, name: str, digest: str) -> RawTable:
    try:
        frame = pa.parquet.read_table(io.BytesIO(data)).to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TapeError(f"{name} is not readable Parquet ({str(error).splitlines()[0]})") from None
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
    except (zipfile.BadZipFile, EOFError, RuntimeError) as error:
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
