"""Splits: seeded, and no text has a near duplicate on the other side."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from newsvol.models.text.splits import Split, near_duplicate_groups, overlapping, split_texts
from newsvol.models.text.texts import Texts, key, without_duplicates

words = st.sampled_from(
    ["profit", "loss", "rose", "fell", "bank", "up", "down", "3", "5", "EUR", "mn", "the"]
)


texts = st.lists(st.lists(words, min_size=1, max_size=8).map(" ".join), min_size=1, max_size=60)


def labelled(sentences: list[str]) -> Texts:
    return Texts(np.array(sentences, dtype=object), np.array([len(text) % 3 for text in sentences], np.int64))


def jaccard(one: str, two: str) -> float:
    left, right = set(key(one).split()), set(key(two).split())
    return len(left & right) / len(left | right)


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
