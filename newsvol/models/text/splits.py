"""Splits without a leak: near-duplicates stay together, and nothing held out is met in training."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field, model_validator
from scipy import sparse

from newsvol.engine.arrays import BoolArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.models.config import Config, Share
from newsvol.models.text.texts import Strings, Texts, key

_CHUNK: Final = 4096


class Split(Config):
    """How the evaluated source is divided, after duplicates are gone; the test share is what remains.

    Texts whose token sets overlap by `near_duplicate` (Jaccard) or more stay on one side. An extra text that
    overlaps a held-out one as much is left out, or with ``overlapping: refuse`` stops the run.
    """

    train: Share = 0.7
    validation: Share = 0.1
    near_duplicate: Annotated[float, Field(gt=0, le=1)] = 0.8
    overlapping: Literal["drop", "refuse"] = "drop"

    @model_validator(mode="after")
    def _leaves_a_test_part(self) -> "Split":
        if self.train + self.validation >= 0.99:
            raise ValueError("train + validation must leave at least 0.01 for the test split")
        return self


@dataclass(frozen=True)
class Parts:
    """The three parts of the evaluated source."""

    train: Texts
    validation: Texts
    test: Texts

    def fingerprint(self) -> dict[str, list[str]]:
        """Return, for each part, the sorted hashes of its texts: the split can be checked, not read."""
        return {
            name: sorted(
                hashlib.sha256(key(text).encode()).hexdigest()[:16] for text in getattr(self, name).text
            )
            for name in ("train", "validation", "test")
        }


def split_texts(texts: Texts, split: Split, seed: int) -> Parts:
    """Divide `texts` (without duplicates) by class, seeded; near-duplicates stay on one side."""
    group = near_duplicate_groups(texts.text, split.near_duplicate)
    generator = np.random.default_rng(seed)
    part = np.empty(len(texts), np.int64)
    _, leader, size = np.unique(group, return_index=True, return_counts=True)
    for label in np.unique(texts.label):
        groups = generator.permutation(np.flatnonzero(texts.label[leader] == label))
        share = np.cumsum(size[groups]) / size[groups].sum()
        side = np.searchsorted([split.train, split.train + split.validation], share - 1e-9)
        part_of_group = dict(zip(groups.tolist(), side.tolist(), strict=True))
        members = np.isin(group, groups)
        part[members] = [part_of_group[number] for number in group[members].tolist()]
    return Parts(*(texts.take(part == number) for number in range(3)))


def near_duplicate_groups(texts: Strings, threshold: float) -> IntArray:
    """Return a group number per text, shape (N,): a Jaccard overlap >= `threshold` puts two in one."""
    words = _incidence([texts])[0]
    links = sparse.vstack([overlap >= threshold for overlap in _overlaps(words, words)])
    return np.asarray(sparse.csgraph.connected_components(links, directed=False)[1], dtype=np.int64)


def overlapping(texts: Strings, held_out: Strings, threshold: float) -> BoolArray:
    """Return which `texts` overlap a held-out one by `threshold` or more, shape (N,)."""
    if len(texts) == 0 or len(held_out) == 0:
        return np.zeros(len(texts), np.bool_)
    words, held_words = _incidence([texts, held_out])
    best = [overlap.max(axis=1).toarray().ravel() for overlap in _overlaps(words, held_words)]
    return np.asarray(np.concatenate(best) >= threshold)


def refuse_leak(leaked: Strings) -> None:
    """Raise `InputError` if any training text was found to overlap a held-out one; the first is shown."""
    if len(leaked):
        raise InputError(
            f"{len(leaked)} training texts overlap held-out ones, the first: {leaked[0]!r:.80}; "
            "remove them, or set split.overlapping to drop"
        )


def _incidence(collections: Sequence[Strings]) -> list[sparse.csr_array]:
    """Return one 0/1 matrix per collection, texts by words, over a common vocabulary."""
    column: dict[str, int] = {}
    sets = [
        [{column.setdefault(word, len(column)) for word in key(text).split()} for text in c]
        for c in collections
    ]
    return [
        sparse.csr_array(
            (
                np.ones(sum(map(len, rows)), np.float32),
                np.concatenate([np.sort(np.array([*row], np.int64)) for row in rows]),
                np.cumsum([0, *map(len, rows)]),
            ),
            shape=(len(rows), len(column)),
        )
        for rows in sets
    ]


def _overlaps(left: sparse.csr_array, right: sparse.csr_array) -> Iterator[sparse.csr_array]:
    """Yield the Jaccard overlap of every row of `left` with every row of `right`, some rows at a time."""
    left_size, right_size = left.sum(axis=1), right.sum(axis=1)
    for start in range(0, left.shape[0], _CHUNK):
        common = (left[start : start + _CHUNK] @ right.T).tocoo()
        row, column = common.coords
        union = left_size[start + row] + right_size[column] - common.data
        yield sparse.csr_array((common.data / union, (row, column)), shape=common.shape)
