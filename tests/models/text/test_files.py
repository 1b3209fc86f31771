"""Files of texts: every text comes back as it was, whatever the file is made of."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsvol.engine.errors import InputError
from newsvol.models.text.files import Decoder, TextFile, lines_of

AWKWARD = ['profit rose, "sharply"', "", "Ünïcode 😀 loss", "word " * 20_000, "  blanks  "]


def write(folder: Path, kind: str) -> Path:
    file = folder / f"texts.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"id": [1, 2, 3, 4, 5], "headline": AWKWARD}), file)
    elif kind == "csv":
        cells = ['"' + text.replace('"', '""') + '"' for text in AWKWARD]
        file.write_text("id,headline\n" + "".join(f"{n},{cell}\n" for n, cell in enumerate(cells)), "utf-8")
    else:
        file.write_text("\n".join(AWKWARD), encoding="utf-8")
    return file


@pytest.mark.parametrize(("kind", "counted"), [("txt", 4), ("csv", 6), ("parquet", 5)])
def test_every_text_of_a_file_comes_back_as_it_was(tmp_path: Path, kind: str, counted: int) -> None:
    source = TextFile(write(tmp_path, kind))
    assert list(source.texts()) == AWKWARD
    assert source.count() == counted  # about how many: line ends, with that of the header
    assert source.decode.odd == 0


def test_lines_that_are_not_utf8_are_read_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "mixed.txt"
    file.write_bytes("\ufeffcafé\n".encode() + b"caf\xe9 \x93quoted\x94\n" + b"\x81\n")
    source = TextFile(file)
    assert list(source.texts()) == ["café", "café “quoted”", "\x81"]
    assert source.decode.odd == 2


def test_a_cell_may_be_longer_than_the_csv_module_takes_by_default(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text("text\n" + "x" * 300_000 + "\n")
    assert [len(text) for text in TextFile(file).texts()] == [300_000]


def test_null_cells_are_empty_texts(tmp_path: Path) -> None:
    file = tmp_path / "nulls.parquet"
    pq.write_table(pa.table({"text": ["a", None]}), file)
    assert list(TextFile(file).texts()) == ["a", ""]


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    file = write(tmp_path, "csv")
    with pytest.raises(InputError, match=r"no column 'title'; found: id, headline; name it with --column"):
        list(TextFile(file, "title").texts())


def test_a_column_of_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="column 'id' holds int, not text, as in row 0"):
        list(TextFile(write(tmp_path, "parquet"), "id").texts())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("a.xlsx", b"", "files of texts end in"), ("a.parquet", b"PAR0", "is not a Parquet file")],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        TextFile(tmp_path / name).count()


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*No such file"):
        TextFile(tmp_path / "nowhere.txt").count()


def test_lines_are_handed_on_as_they_come() -> None:
    read = []

    def stream() -> Iterator[bytes]:
        for line in (b"one\n", b"two\n"):
            read.append(line)
            yield line

    assert next(lines_of(stream(), Decoder())) == "one"
    assert read == [b"one\n"]
