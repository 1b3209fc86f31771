"""A model on a user's own labelled texts."""

from pathlib import Path

import pytest

from newsvol.engine.errors import InputError
from newsvol.models.sentiment.evaluation import evaluate_file, labelled_texts
from newsvol.models.serving.scorer import load_scorer


def test_hits_are_counted_whatever_the_case_of_a_label(tiny_start: Path, tmp_path: Path) -> None:
    texts = ["profit rose", "shares fell", "the bank said", "sales"]
    scorer = load_scorer(tiny_start, "cpu")
    said = scorer.probabilities(texts).argmax(axis=1)
    names = [("negative", "Neutral", "POSITIVE")[number] for number in said]
    (tmp_path / "t.csv").write_text("\n".join(["text,label", *map(",".join, zip(texts, names, strict=True))]))
    result = evaluate_file(tmp_path / "t.csv", scorer)
    assert result["accuracy"] == 1
    assert result["n"] == 4
    assert (result["model"], result["device"]) == ("tiny", "cpu")
    assert {"macro_f1", "f1", "majority_accuracy", "ece"} <= result.keys()


def test_a_reference_is_agreed_with_whatever_the_labels_say(tiny_start: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,label\nprofit rose,negative\nshares fell,positive\n")
    scorer = load_scorer(tiny_start, "cpu")
    beside = evaluate_file(tmp_path / "t.csv", scorer, scorer)["reference"]
    assert beside["model_hash"] == scorer.model_hash
    assert beside["agreement"] == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"headline,label\nx,neutral\n", "has no column text; found: headline, label"),
        (
            b"text,label\nx,neutral\ny,bullish\n",
            r"line 3: label 'bullish' is not one of negative, neutral, positive",
        ),
        (b"text,label\n", "has no rows"),
        (b"", "has no column text and label; found: nothing"),
        (b"text,label\n\xe9,neutral\n", "is not a UTF-8 CSV file"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        labelled_texts(tmp_path / "t.csv")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*No such file"):
        labelled_texts(tmp_path / "nowhere.csv")
