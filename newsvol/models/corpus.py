"""Texts for training: reading them, removing duplicates, and splitting without a leak."""

import csv
import html
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from newsvol.engine.arrays import IntArray, TextArray
from newsvol.engine.errors import InputError
from newsvol.models.labels import LABELS, Label
from newsvol.models.newswire import newswire_sentences
from newsvol.models.recipe_parts import Source

Strings: TypeAlias = Sequence[str] | TextArray

UNLABELLED: Final = -100
"""Class of a text without a label; the index that PyTorch's cross-entropy ignores."""

AGREEMENT: Final = {
    50: "Sentences_50Agree.txt",
    66: "Sentences_66Agree.txt",
    75: "Sentences_75Agree.txt",
    100: "Sentences_AllAgree.txt",
}
"""Files of the PhraseBank by the least share of annotators that agree, in percent; each holds the next."""

_LINK = re.compile(r"https?://\S+|www\.\S+|<[^<>]{1,200}>")
_TOKEN = re.compile(r"[^\W_]+")
_LINE_WORDS: Final = range(6, 41)  # lines of a transcript outside it are greetings or monologues


@dataclass(frozen=True)
class Texts:
    """Texts with their classes.

    Attributes
    ----------
    text : TextArray, shape (N,)
    label : IntArray, shape (N,)
        Index into `LABELS`, or `UNLABELLED`.
    """

    text: TextArray
    label: IntArray

    def __len__(self) -> int:
        return len(self.text)

    def take(self, rows: Any) -> "Texts":
        """Return the texts at `rows` (a mask or an index array)."""
        return Texts(self.text[rows], self.label[rows])


def join(parts: Sequence[Texts]) -> Texts:
    """Return the parts one after the other; of none, no texts."""
    texts = np.array([text for part in parts for text in part.text], dtype=object)
    return Texts(texts, np.concatenate([np.empty(0, np.int64), *(part.label for part in parts)]))


def clean(text: str) -> str:
    """Return `text` without links, tags and runs of blanks: the form that is trained on."""
    return " ".join(_LINK.sub(" ", html.unescape(text)).split())


def key(text: str) -> str:
    """Return what makes two texts the same: their lower-case words and numbers, whatever the order."""
    return " ".join(sorted(_TOKEN.findall(clean(text).lower())))


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
    import pyarrow as pa
    from pyarrow import parquet

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


def without_duplicates(texts: Texts) -> Texts:
    """Return the first of equal texts; a text that carries two different labels goes altogether."""
    first: dict[str, int] = {}
    contradicted: set[str] = set()
    for row, text in enumerate(texts.text):
        before = first.setdefault(key(text), row)
        if texts.label[before] != texts.label[row]:
            contradicted.add(key(text))
    return texts.take(np.array([row for name, row in first.items() if name not in contradicted], np.int64))
