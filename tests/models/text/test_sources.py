import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsvol.engine.errors import InputError
from newsvol.models.labels import LABELS
from newsvol.models.sentiment.corpus import gather
from newsvol.models.sentiment.recipe import TrainingRecipe, load_training_recipe
from newsvol.models.text.sources import Source, read_source
from newsvol.models.text.splits import Split, near_duplicate_groups, overlapping, split_texts
from newsvol.models.text.texts import UNLABELLED, Texts, clean, key, without_duplicates

words = st.sampled_from(
    ["profit", "loss", "rose", "fell", "bank", "up", "down", "3", "5", "EUR", "mn", "the"]
)
texts = st.lists(st.lists(words, min_size=1, max_size=8).map(" ".join), min_size=1, max_size=60)


def labelled(sentences: list[str]) -> Texts:
    return Texts(np.array(sentences, dtype=object), np.array([len(text) % 3 for text in sentences], np.int64))


def jaccard(one: str, two: str) -> float:
    left, right = set(key(one).split()), set(key(two).split())
    return len(left & right) / len(left | right)


def test_links_tags_and_blanks_go() -> None:
    assert clean("Shares &amp; <b>bonds</b>  https://t.co/x1 fell\n") == "Shares & bonds fell"


def test_case_order_and_punctuation_do_not_make_a_text_new() -> None:
    assert key("Profit rose, sharply!") == key("sharply PROFIT rose https://t.co/1")


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


def test_a_leak_stops_a_run_that_refuses_it(tmp_path: Path) -> None:
    sentences = [f"profit of company {n} rose {n * 3}" for n in range(40)]
    (tmp_path / "t.csv").write_text(
        "\n".join(["text,label", *(f"{text},{LABELS[n % 3]}" for n, text in enumerate(sentences))])
    )
    (tmp_path / "more.csv").write_text("\n".join(["text,label", *(f"{text},neutral" for text in sentences)]))
    wanted = {
        "name": "x",
        "seed": 1,
        "start": "x",
        "evaluated": {"file": "t.csv", "label": "label"},
        "labelled": [{"file": "more.csv", "label": "label"}],
        "student": {"layers": [0], "hard_weight": 1},
    }
    assert gather(TrainingRecipe.model_validate(wanted), tmp_path).dropped > 0
    with pytest.raises(InputError, match=r"training texts overlap held-out ones, the first: 'profit of comp"):
        gather(TrainingRecipe.model_validate({**wanted, "split": {"overlapping": "refuse"}}), tmp_path)


@pytest.mark.real
def test_agreement_levels_of_the_phrasebank_are_nested(data_dir: Path) -> None:
    folder = "sentiment/financial_phrasebank"
    levels = [
        set(read_source(Source(file=folder, format="phrasebank", agreement=level), data_dir, 0).text)
        for level in (100, 75, 66, 50)
    ]
    assert all(inner < outer for inner, outer in pairwise(levels))


def test_the_first_of_equal_texts_is_kept_and_contradictions_go() -> None:
    sentences = np.array(["profit rose", "sales fell", "Rose profit!", "Sales fell."], dtype=object)
    kept = without_duplicates(Texts(sentences, np.array([2, 0, 2, 1])))
    assert kept.text.tolist() == ["profit rose"]


@given(texts, st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_no_test_text_has_a_near_duplicate_in_training(sentences: list[str], seed: int) -> None:
    unique = without_duplicates(labelled(sentences))
    if len(unique) == 0:
        return
    parts = split_texts(unique, Split(), seed)
    assert sorted([*parts.train.text, *parts.validation.text, *parts.test.text]) == sorted(unique.text)
    for held in parts.test.text:
        assert all(jaccard(held, seen) < 0.8 for seen in [*parts.train.text, *parts.validation.text])


@given(texts, texts)
@settings(max_examples=60, deadline=None)
def test_overlap_with_held_out_texts_is_found(sentences: list[str], held_out: list[str]) -> None:
    wanted = [max(jaccard(text, held) for held in held_out) >= 0.8 - 1e-6 for text in sentences]
    assert overlapping(sentences, held_out, 0.8).tolist() == wanted


def test_splits_are_seeded_and_keep_the_shares_of_classes() -> None:
    generator = np.random.default_rng(0)
    sentences = np.array(
        [" ".join(f"w{n}" for n in generator.integers(0, 9999, 6)) for _ in range(600)], dtype=object
    )
    some = Texts(sentences, np.repeat([0, 1, 2], [60, 360, 180]))
    parts, again, other = (split_texts(some, Split(), seed) for seed in (1, 1, 2))
    assert parts.fingerprint() == again.fingerprint() != other.fingerprint()
    for part, share in ((parts.train, 0.7), (parts.validation, 0.1), (parts.test, 0.2)):
        np.testing.assert_allclose(np.bincount(part.label), share * np.array([60, 360, 180]), atol=1)


def test_near_duplicates_are_one_group() -> None:
    close = [
        "net profit rose to 3 mn euros in 2009",
        "net profit rose to 4 mn euros in 2009",
        "sales fell in Asia",
    ]
    group = near_duplicate_groups(close, 0.7)
    assert group[0] == group[1] != group[2]


@pytest.mark.real
def test_no_other_source_of_the_shipped_recipe_holds_a_test_sentence(data_dir: Path) -> None:
    corpus = gather(load_training_recipe("student"), data_dir)
    held = {key(text) for text in [*corpus.parts.test.text, *corpus.parts.validation.text]}
    assert not held & {key(text) for text in [*corpus.training().text, *corpus.unlabelled.text]}
