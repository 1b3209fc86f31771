"""Texts out of files, a chunk at a time, so that a file may be larger than memory."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from newsvol.engine.errors import InputError

COLUMNS: Final = ("text", "headline", "title")
"""Names that a column of texts is found by, in this order."""

_LONGEST_FIELD: Final = 2**27
_BLOCK: Final = 2**20


@dataclass
class Decoder:
    """Bytes to text: UTF-8, else Windows-1252, else Latin-1, line by line; nothing is lost.

    Attributes
    ----------
    odd : int
        Lines that were not UTF-8.
    """

    odd: int = field(default=0, init=False)

    def __call__(self, line: bytes) -> str:
        """Return `line` as text."""
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self.odd += 1
        try:
            return line.decode("cp1252")
        except UnicodeDecodeError:
            return line.decode("latin-1")


@dataclass(frozen=True)
class TextFile:
    """A file of texts: ``.txt`` (one a line), ``.csv`` or ``.parquet`` (a column).

    Parameters
    ----------
    column : str, optional
        The column of a table; found among `COLUMNS` otherwise.
    """

    path: Path
    column: str | None = None
    decode: Decoder = field(default_factory=Decoder)

    def count(self) -> int:
        """Return about how many texts there are: rows of a Parquet file, lines of another.

        Raises
        ------
        InputError
            The file is not there, or of no kind that is read.
        """
        self._reader()
        if self.path.is_fifo():  # it would be empty, or wait for ever, when the texts are read
            raise InputError(f"{self.path} is a pipe, which can be read only once; pipe it in with -")
        try:
            if self.path.suffix.lower() == ".parquet":
                return int(_parquet(self.path).metadata.num_rows)
            with self.path.open("rb") as file:
                return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))
        except OSError as error:
            raise InputError(f"cannot read {self.path}: {error.strerror or error}") from error

    def texts(self) -> Iterator[str]:
        """Yield every text, in order; an empty cell or line is an empty text.

        Raises
        ------
        InputError
            The file cannot be read, is of no kind that is, has no such column, or the column holds no text.
        """
        try:
            yield from self._reader()(self)
        except OSError as error:
            raise InputError(f"cannot read {self.path}: {error.strerror or error}") from error

    def _reader(self) -> "Callable[[TextFile], Iterator[str]]":
        try:
            return _READERS[self.path.suffix.lower()]
        except KeyError:
            known = ", ".join(_READERS)
            raise InputError(f"{self.path}: files of texts end in {known}; pipe others in with -") from None


def chunked(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yield lists of up to `size` texts."""
    rest = iter(texts)
    while chunk := list(islice(rest, size)):
        yield chunk


def lines_of(stream: Iterable[bytes], decode: Decoder) -> Iterator[str]:
    """Yield lines without their ends, as they come; a byte-order mark before the first is no text."""
    for number, line in enumerate(stream):
        text = decode(line).rstrip("\r\n")
        yield text.removeprefix("\ufeff") if number == 0 else text


def _lines(source: TextFile) -> Iterator[str]:
    with source.path.open("rb") as file:
        yield from lines_of(file, source.decode)


def _csv_cells(source: TextFile) -> Iterator[str]:
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        with source.path.open("rb") as file:
            lines = (source.decode(line) for line in file)
            rows = csv.reader(lines)
            header = [name.removeprefix("\ufeff") for name in next(rows, [])]
            place = header.index(_column(source, header))
            for row in rows:
                if row:
                    yield row[place] if place < len(row) else ""
    except csv.Error as error:
        raise InputError(f"{source.path} is not a CSV file: {error}") from error
    finally:
        csv.field_size_limit(before)


def _parquet_cells(source: TextFile) -> Iterator[str]:
    table = _parquet(source.path)
    name = _column(source, table.schema_arrow.names)
    for batch in table.iter_batches(batch_size=4096, columns=[name]):
        for row, value in enumerate(batch.column(0).to_pylist()):
            if not isinstance(value, str | None):
                kind = type(value).__name__
                raise InputError(f"{source.path}: column {name!r} holds {kind}, not text, as in row {row}")
            yield value or ""


def _parquet(path: Path) -> Any:
    # a tenth of a second that a stream of lines does without
    from pyarrow import ArrowInvalid  # noqa: PLC0415
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415

    try:
        return ParquetFile(path)
    except ArrowInvalid as error:
        raise InputError(f"{path} is not a Parquet file: {error}") from error


def _column(source: TextFile, names: list[str]) -> str:
    wanted = (source.column,) if source.column is not None else COLUMNS
    for name in wanted:
        if name in names:
            return name
    has = ", ".join(names) or "nothing"
    asked = f"no column {source.column!r}" if source.column is not None else f"none of {', '.join(COLUMNS)}"
    raise InputError(f"{source.path} has {asked}; found: {has}; name it with --column")


_READERS: Final = {".txt": _lines, ".csv": _csv_cells, ".parquet": _parquet_cells}
