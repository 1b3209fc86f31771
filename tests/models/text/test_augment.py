import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.models.text.augment import Augment, nearest_words, variations
from newsvol.models.text.texts import UNLABELLED, Texts

SENTENCES = ["profit rose sharply in the third quarter", "the bank said that sales fell by two percent"]


def texts_of(sentences: list[str]) -> Texts:
    return Texts(np.array(sentences, dtype=object), np.arange(len(sentences)) % 3)


def test_a_text_left_as_it_is_comes_back_without_its_label() -> None:
    made = variations(texts_of(SENTENCES), Augment(copies=2, spliced=0, replaced=0, dropped=0), {}, seed=1)
    assert made.text.tolist() == SENTENCES * 2
    assert set(made.label) == {UNLABELLED}


def test_a_splice_is_a_beginning_and_an_end() -> None:
    pair = texts_of(SENTENCES)
    made = variations(pair, Augment(copies=20, spliced=1, replaced=0, dropped=0), {}, seed=1)
    for text, own in zip(made.text, SENTENCES * 20, strict=False):
        assert text.split()[0] == own.split()[0]
        assert text.split()[-1] in {sentence.split()[-1] for sentence in SENTENCES}


def test_words_give_way_to_neighbours_only() -> None:
    made = variations(
        texts_of(SENTENCES), Augment(copies=20, spliced=0, replaced=0.9, dropped=0), {"rose": ["climbed"]}, 1
    )
    words = {word for text in made.text for word in text.split()}
    assert words - {word for sentence in SENTENCES for word in sentence.split()} == {"climbed"}


@given(st.lists(st.text("ab c", min_size=1).filter(str.strip), min_size=1), st.integers(0, 9))
def test_no_variation_has_a_word_that_no_sentence_has(sentences: list[str], seed: int) -> None:
    made = variations(texts_of(sentences), Augment(copies=3, dropped=0.4), {}, seed)
    known = {word for sentence in sentences for word in sentence.split()}
    assert {word for text in made.text for word in text.split()} <= known
    assert all(len(text.split()) >= 4 for text in made.text)


def test_the_same_seed_makes_the_same_variations() -> None:
    first, again, other = (
        variations(texts_of(SENTENCES), Augment(copies=9), {}, seed).text.tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_the_nearest_words_are_those_with_the_most_similar_embedding() -> None:
    pieces = {"rose": 0, "climbed": 1, "fell": 2, "bank": 3, "##s": 4}
    table = np.array([[1.0, 0.1], [0.9, 0.1], [-1, 0.1], [0, 1], [1, 0]], np.float32)
    near = nearest_words(pieces, table, ["Rose climbed fell bank xyz"], 1)
    assert near["rose"] == ["climbed"]
    assert near["climbed"] == ["rose"]
    assert near.keys() == {"rose", "climbed", "fell", "bank"}


def test_too_few_words_have_no_neighbours() -> None:
    assert nearest_words({"rose": 0}, np.ones((1, 2)), ["rose"], 3) == {}


def test_a_variation_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        Augment(copies=0)
