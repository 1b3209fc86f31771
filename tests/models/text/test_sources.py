"""Sources of texts: each format is read, and what cannot be read is named."""

import zipfile
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from newsvol.engine.errors import InputError
from newsvol.models.text.sources import Source, read_source
from newsvol.models.text.texts import UNLABELLED


def test_phrasebank_lines_are_read_as_latin_1(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_bytes("Metsä@home rose .@positive\nSales fell@negative\n".encode("latin-1"))
    read = read_source(Source(file="p.txt", format="phrasebank"), tmp_path, 0)
    assert read.text.tolist() == ["Metsä@home rose .", "Sales fell"]
    assert read.label.tolist() == [2, 0]


def test_csv_labels_are_mapped(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,label\nup,1\ndown,0\n")
    source = Source(file="t.csv", label="label", labels={"0": "negative", "1": "positive"})
    assert read_source(source, tmp_path, 0).label.tolist() == [2, 0]


def test_a_column_position_reads_a_file_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("2020-01-01,one headline\n2020-01-02,another\n")
    read = read_source(Source(file="t.csv", text=1), tmp_path, 0)
    assert read.text.tolist() == ["one headline", "another"]
    assert read.label.tolist() == [UNLABELLED] * 2


def test_zipped_lines_of_a_sentences_length_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "calls.zip", "w") as archive:
        archive.writestr("a.txt", "Good morning.\nRevenue grew more than 20% with gains in each segment.\n")
    read = read_source(Source(file="calls.zip", format="zip_lines"), tmp_path, 0)
    assert read.text.tolist() == ["Revenue grew more than 20% with gains in each segment."]


def test_a_sample_is_seeded(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("\n".join(["text", *(f"headline {n}" for n in range(50))]))
    source = Source(file="t.csv", sample=10)
    first, again, other = (read_source(source, tmp_path, seed).text.tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 10


@pytest.mark.parametrize(
    ("content", "source", "message"),
    [
        (None, Source(file="t.csv"), r"cannot read .*t\.csv"),
        ("title\nx\n", Source(file="t.csv"), "no column 'text'; found: title"),
        (
            "text,label\nx,maybe\n",
            Source(file="t.csv", label="label"),
            r"t\.csv, row 2: label 'maybe' is not one of",
        ),
        ("text\nx\n", Source(file="t.csv", text=4), r"t\.csv, row 1 has no column 4"),
        ("x", Source(file="t.csv", format="zip_lines"), r"cannot read .*t\.csv"),
        ("x", Source(file="t.csv", format="parquet"), r"t\.csv is not a readable Parquet file"),
        ("Sales fell\n", Source(file="t.csv", format="phrasebank"), r"t\.csv, line 1 has no @label"),
        ("text\n" + "x" * 200_000, Source(file="t.csv"), r"t\.csv is not a readable CSV file: field larger"),
    ],
)
def test_a_source_that_cannot_be_read_is_named(
    tmp_path: Path, content: str | None, source: Source, message: str
) -> None:
    if content is not None:
        (tmp_path / "t.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        read_source(source, tmp_path, 0)


def test_a_source_in_another_encoding_is_named_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("text\nMetsä rose\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"t\.csv is not UTF-8 \(byte 9: b'\\xe4 ro'\)"):
        read_source(Source(file="t.csv"), tmp_path, 0)


def test_parquet_columns_are_read_with_their_labels(tmp_path: Path) -> None:
    frame = pd.DataFrame({"title": ["up 😀", None, "down"], "tone": [1, 0, 0], "other": [0.5, 1, 2]})
    frame.to_parquet(tmp_path / "t.parquet")
    source = Source(
        file="t.parquet",
        format="parquet",
        text="title",
        label="tone",
        labels={"0": "negative", "1": "positive"},
    )
    read = read_source(source, tmp_path, 0)
    assert read.text.tolist() == ["up 😀", "down"]
    assert read.label.tolist() == [2, 0]
    with pytest.raises(InputError, match="no column 'headline'; found: title, tone, other"):
        read_source(source.model_copy(update={"text": "headline"}), tmp_path, 0)


def test_an_agreement_level_names_its_file_in_the_phrasebank_folder(tmp_path: Path) -> None:
    (tmp_path / "Sentences_75Agree.txt").write_text("Profit rose@positive\n")
    read = read_source(Source(file=".", format="phrasebank", agreement=75), tmp_path, 0)
    assert read.text.tolist() == ["Profit rose"]
    with pytest.raises(ValueError, match="agreement is known for format phrasebank only"):
        Source(file="t.csv", agreement=75)


@pytest.mark.real
def test_agreement_levels_of_the_phrasebank_are_nested(data_dir: Path) -> None:
    folder = "sentiment/financial_phrasebank"
    levels = [
        set(read_source(Source(file=folder, format="phrasebank", agreement=level), data_dir, 0).text)
        for level in (100, 75, 66, 50)
    ]
    assert all(inner < outer for inner, outer in pairwise(levels))
