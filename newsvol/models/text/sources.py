"""Sources of texts: CSV, Parquet, the PhraseBank, zips of lines, the newswire."""

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import pyarrow as pa
from pyarrow import parquet
from pydantic import Field, model_validator

from newsvol.engine.errors import InputError
from newsvol.models.config import Config
from newsvol.models.labels import LABELS, Label
from newsvol.models.text.newswire import newswire_sentences
from newsvol.models.text.texts import UNLABELLED, Texts, clean, key

AGREEMENT: Final = {
    50: "Sentences_50Agree.txt",
    66: "Sentences_66Agree.txt",
    75: "Sentences_75Agree.txt",
    100: "Sentences_AllAgree.txt",
}
"""Files of the PhraseBank by the least share of annotators that agree, in percent; each holds the next."""

_LINE_WORDS: Final = range(6, 41)  # lines of a transcript outside it are greetings or monologues


class Source(Config):
    """A file of texts, named relative to the data folder.

    `text` is a column name, or a column position where a CSV file has no header. `label` names the column of
    labels and `labels` says what its words mean. `sample` keeps that many rows, drawn with the recipe's seed.
    `agreement` is for the folder of the PhraseBank: the least percentage of annotators that agree. Format
    ``newswire`` reads a folder of Reuters-21578.
    """

    file: str
    format: Literal["csv", "parquet", "phrasebank", "zip_lines", "newswire"] = "csv"
    agreement: Literal[50, 66, 75, 100] | None = None
    text: str | int = "text"
    label: str | None = None
    labels: dict[str, Label] = Field(default_factory=dict)
    sample: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _agrees_only_in_the_phrasebank(self) -> "Source":
        if self.agreement is not None and self.format != "phrasebank":
            raise ValueError("agreement is known for format phrasebank only")
        if self.format == "parquet" and isinstance(self.text, int):
            raise ValueError("a Parquet column has a name; text must be one, not a position")
        return self


def read_source(source: Source, data: Path, seed: int) -> Texts:
    """Read the texts that `source` names.

    Raises
    ------
    InputError
        The file is missing or not text, has no such column, or holds a label that the recipe does not map.
    """
    path = data / source.file
    if source.agreement is not None:
        path /= AGREEMENT[source.agreement]
    try:
        rows = [(clean(text), label) for text, label in _ROWS[source.format](source, path)]
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 (byte {error.start}: {error.object[error.start : error.start + 4]!r}); "
            "save it as UTF-8"
        ) from error
    except csv.Error as error:
        raise InputError(f"{path} is not a readable CSV file: {error}") from error
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot read {path}: {error}; give the data folder with --data") from error
    rows = [(text, label) for text, label in rows if key(text)]
    if source.sample is not None and source.sample < len(rows):
        kept = np.random.default_rng(seed).choice(len(rows), source.sample, replace=False)
        rows = [rows[row] for row in np.sort(kept)]
    return Texts(
        np.array([text for text, _ in rows], dtype=object), np.array([label for _, label in rows], np.int64)
    )


def _phrasebank_rows(source: Source, path: Path) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(path.read_text(encoding="latin-1").splitlines(), start=1):
        text, mark, word = line.rpartition("@")
        if not mark:
            raise InputError(f"{path}, line {number} has no @label; is it a PhraseBank file?")
        yield text, label_class(word, source.labels, f"{path}, line {number}")


def _csv_rows(source: Source, path: Path) -> Iterator[tuple[str, int]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        if isinstance(source.text, int):
            for number, row in enumerate(csv.reader(file), start=1):
                if source.text >= len(row):
                    raise InputError(
                        f"{path}, row {number} has no column {source.text}; it has {len(row)}, from 0"
                    )
                yield row[source.text], UNLABELLED
            return
        reader = csv.DictReader(file)
        for column in filter(None, (source.text, source.label)):
            if column not in (reader.fieldnames or ()):
                raise InputError(
                    f"{path} has no column {column!r}; found: {', '.join(reader.fieldnames or ())}"
                )
        for number, record in enumerate(reader, start=2):
            label = UNLABELLED
            if source.label is not None:
                label = label_class(record[source.label] or "", source.labels, f"{path}, row {number}")
            yield record[source.text] or "", label


def _parquet_rows(source: Source, path: Path) -> Iterator[tuple[str, int]]:
    try:
        held = parquet.read_schema(path).names
        columns = [column for column in (source.text, source.label) if column is not None]
        if missing := [str(column) for column in columns if column not in held]:
            raise InputError(f"{path} has no column {missing[0]!r}; found: {', '.join(held)}")
        table = parquet.read_table(path, columns=columns)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path} is not a readable Parquet file: {error}") from error
    for number, record in enumerate(table.to_pylist(), start=1):
        label = UNLABELLED
        if source.label is not None:
            label = label_class(_word(record[source.label]), source.labels, f"{path}, row {number}")
        yield _word(record[source.text]), label


def _word(value: Any) -> str:
    return "" if value is None else str(value)


def _zip_rows(_: Source, path: Path) -> Iterator[tuple[str, int]]:
    with zipfile.ZipFile(path) as archive:
        for member in sorted(archive.namelist()):
            for line in io.TextIOWrapper(archive.open(member), encoding="utf-8", errors="replace"):
                if len(line.split()) in _LINE_WORDS:
                    yield line, UNLABELLED


def _newswire_rows(_: Source, path: Path) -> Iterator[tuple[str, int]]:
    for sentence in newswire_sentences(path):
        yield sentence, UNLABELLED


_ROWS = {
    "csv": _csv_rows,
    "parquet": _parquet_rows,
    "phrasebank": _phrasebank_rows,
    "zip_lines": _zip_rows,
    "newswire": _newswire_rows,
}


def label_class(word: str, labels: dict[str, Label], place: str) -> int:
    """Return the class that `word` stands for: mapped by `labels`, or one of `LABELS` itself."""
    name = labels.get(word.strip(), word.strip().lower())
    if name not in LABELS:
        known = sorted({*LABELS, *labels})
        raise InputError(f"{place}: label {word.strip()!r} is not one of {', '.join(known)}")
    return LABELS.index(name)
