"""Variations on the labelled texts: what a teacher labels when there is more doubt than text."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from newsvol.engine.arrays import FloatArray
from newsvol.models.config import Config
from newsvol.models.text.texts import UNLABELLED, Strings, Texts

Neighbours = Mapping[str, Sequence[str]]

_WORD = re.compile(r"[a-z]{2,}")
_SHORTEST: Final = 4  # words that a variation must have


class Augment(Config):
    """Variations on the training sentences, for the teacher to label; see `variations`.

    Attributes
    ----------
    copies : int
        Variations of each sentence.
    spliced : float
        Share whose second part comes from another sentence.
    replaced : float
        Share of words that give way to one of their `neighbours` nearest words.
    dropped : float
        Share of words that are left out.
    """

    copies: Annotated[int, Field(gt=0)]
    spliced: Annotated[float, Field(ge=0, le=1)] = 0.5
    replaced: Annotated[float, Field(ge=0, lt=1)] = 0.15
    dropped: Annotated[float, Field(ge=0, lt=1)] = 0.05
    neighbours: Annotated[int, Field(gt=0)] = 6


def variations(texts: Texts, config: Augment, neighbours: Neighbours, seed: int) -> Texts:
    """Return `config.copies` variations of each text, without labels: a teacher says what each one means.

    A variation keeps a text whole or splices its beginning to the end of another (how.spliced), then swaps
    words for neighbours in meaning (how.replaced; Jiao et al. 2020, TinyBERT, section 3.2) and leaves words
    out (how.dropped; Wei & Zou 2019).

    Parameters
    ----------
    texts : Texts
        Training texts alone: a variation of a held-out text would be a leak.
    neighbours : mapping
        Lower-case word to words that may stand for it; see `nearest_words`.
    """
    generator = np.random.default_rng(seed)
    split = [text.split() for text in texts.text]
    made: list[str] = []
    for _ in range(config.copies):
        partners = generator.permutation(len(split))
        for words, partner in zip(split, partners.tolist(), strict=True):
            spliced = generator.random() < config.spliced
            base = _splice(words, split[partner], generator) if spliced else words
            changed = [_replace(word, neighbours, config.replaced, generator) for word in base]
            kept = [word for word in changed if generator.random() >= config.dropped]
            if len(kept) >= _SHORTEST:
                made.append(" ".join(kept))
    return Texts(np.array(made, dtype=object), np.full(len(made), UNLABELLED, np.int64))


def _splice(words: Sequence[str], others: Sequence[str], generator: np.random.Generator) -> Sequence[str]:
    at, there = int(generator.integers(1, len(words) + 1)), int(generator.integers(len(others)))
    return [*words[:at], *others[there:]]


def _replace(word: str, neighbours: Neighbours, share: float, generator: np.random.Generator) -> str:
    near = neighbours.get(word.lower())
    if near is None or generator.random() >= share:
        return word
    return near[int(generator.integers(len(near)))]


def nearest_words(pieces: Mapping[str, int], table: FloatArray, texts: Strings, count: int) -> Neighbours:
    """Return for each whole-word piece in `texts` the `count` others with the most similar embedding.

    Parameters
    ----------
    pieces : mapping
        Word piece to row of `table`.
    table : FloatArray, shape (V, D)
        Word embeddings of the start.
    """
    words = sorted({word for text in texts for word in _WORD.findall(text.lower()) if word in pieces})
    if len(words) <= count:
        return {}
    rows = table[[pieces[word] for word in words]].astype(np.float64)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    near: dict[str, Sequence[str]] = {}
    for number, word in enumerate(words):
        alike = unit @ unit[number]
        alike[number] = -np.inf
        near[word] = [words[other] for other in np.argpartition(-alike, count)[:count]]
    return near
