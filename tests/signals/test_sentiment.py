"""Scores are remembered by model and texts; a cache that cannot be used costs time and nothing else."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from newsvol.signals.sentiment import score_in_bulk, signed_score

TEXTS = ["Profit soars", "Shares fall", "Ünïcode \ud800 dirt", ""]


class CountingScorer:
    """A model that counts how often it is asked."""

    name = "counting"
    device = "cpu"

    def __init__(self, model_hash: str = "sha256:one", dtype: type = np.float64) -> None:
        self.model_hash = model_hash
        self.dtype = dtype
        self.calls: list[list[str]] = []

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        self.calls.append(list(texts))
        lengths = np.array([len(text) for text in texts], dtype=np.float64)
        positive = lengths / (lengths.sum() + 1)
        return np.column_stack([np.full(len(texts), 0.01), 0.99 - positive, positive]).astype(self.dtype)


@pytest.fixture
def scorer() -> CountingScorer:
    return CountingScorer()


def only_file(cache: Path) -> Path:
    (file,) = cache.iterdir()
    return file


def test_what_was_scored_is_remembered_to_the_bit(scorer, tmp_path):
    first, again = (score_in_bulk(scorer, TEXTS, tmp_path) for _ in range(2))
    assert scorer.calls == [TEXTS]
    assert np.array_equal(first, again)
    assert first.dtype == again.dtype == np.float64


def test_another_process_with_the_same_model_reads_the_same_scores(tmp_path):
    first = score_in_bulk(CountingScorer(), TEXTS, tmp_path)
    other = CountingScorer()
    assert np.array_equal(first, score_in_bulk(other, TEXTS, tmp_path))
    assert other.calls == []


def test_another_model_misses(scorer, tmp_path):
    score_in_bulk(scorer, TEXTS, tmp_path)
    other = CountingScorer("sha256:two")
    score_in_bulk(other, TEXTS, tmp_path)
    assert other.calls == [TEXTS]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("texts", "others"),
    [
        (["a", "b"], ["b", "a"]),
        (["a", "b"], ["a", "b", "c"]),
        (["ab", "c"], ["a", "bc"]),
        (["a\x00b", "c"], ["a", "b\x00c"]),
        (["", "a"], ["a", ""]),
    ],
)
def test_other_texts_or_another_order_miss(scorer, tmp_path, texts, others):
    score_in_bulk(scorer, texts, tmp_path)
    score_in_bulk(scorer, others, tmp_path)
    assert scorer.calls == [texts, others]


def _damage(name: str, content: bytes) -> bytes:
    middle = len(content) // 2
    return {
        "empty": b"",
        "cut short": content[:-8],
        "too long": content + bytes(24),
        "a flipped bit": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "something else": b"PK\x03\x04 not scores",
    }[name]


@pytest.mark.parametrize("damage", ["empty", "cut short", "too long", "a flipped bit", "something else"])
def test_a_damaged_file_is_scored_again_and_replaced(scorer, tmp_path, damage):
    first = score_in_bulk(scorer, TEXTS, tmp_path)
    file = only_file(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(_damage(damage, whole))
    assert np.array_equal(first, score_in_bulk(scorer, TEXTS, tmp_path))
    assert len(scorer.calls) == 2
    assert only_file(tmp_path).read_bytes() == whole
    assert np.array_equal(first, score_in_bulk(scorer, TEXTS, tmp_path))
    assert len(scorer.calls) == 2


def test_a_missing_cache_folder_is_made(scorer, tmp_path):
    for _ in range(2):
        score_in_bulk(scorer, TEXTS, tmp_path / "deep" / "cache")
    assert len(scorer.calls) == 1


def test_a_cache_that_cannot_be_written_is_done_without(scorer, tmp_path):
    occupied = tmp_path / "occupied"
    occupied.write_text("a file where the folder should be")
    for cache in (occupied, occupied / "below"):
        assert score_in_bulk(scorer, TEXTS, cache).shape == (4, 3)
    assert len(scorer.calls) == 2
    assert occupied.read_text() == "a file where the folder should be"


def test_a_file_that_cannot_be_replaced_leaves_no_litter(scorer, tmp_path):
    score_in_bulk(scorer, TEXTS, tmp_path)
    file = only_file(tmp_path)
    file.unlink()
    file.mkdir()
    score_in_bulk(scorer, TEXTS, tmp_path)
    assert len(scorer.calls) == 2
    assert only_file(tmp_path) == file


def test_no_cache_remembers_nothing(scorer):
    for _ in range(2):
        score_in_bulk(scorer, TEXTS, None)
    assert len(scorer.calls) == 2


def test_a_model_of_another_precision_gives_the_same_kind_of_scores_scored_or_read(tmp_path):
    scorer = CountingScorer(dtype=np.float32)
    first, again = (score_in_bulk(scorer, TEXTS, tmp_path) for _ in range(2))
    assert len(scorer.calls) == 1
    assert first.dtype == again.dtype == np.float64
    assert np.array_equal(first, again)


def test_scores_that_were_read_can_be_written_to(scorer, tmp_path):
    score_in_bulk(scorer, TEXTS, tmp_path)
    score_in_bulk(scorer, TEXTS, tmp_path)[0] = 0.0


def test_the_signed_score_is_positive_less_negative():
    probs = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.2, 0.3, 0.5]])
    assert signed_score(probs) == pytest.approx([-1.0, 0.0, 1.0, 0.3])
