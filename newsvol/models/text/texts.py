"""Texts with their classes, what makes two of them the same, and the first of equal ones."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from newsvol.engine.arrays import IntArray, TextArray

Strings: TypeAlias = Sequence[str] | TextArray

UNLABELLED: Final = -100
"""Class of a text without a label; the index that PyTorch's cross-entropy ignores."""

_LINK = re.compile(r"https?://\S+|www\.\S+|<[^<>]{1,200}>")
_TOKEN = re.compile(r"[^\W_]+")


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


def without_duplicates(texts: Texts) -> Texts:
    """Return the first of equal texts; a text that carries two different labels goes altogether."""
    first: dict[str, int] = {}
    contradicted: set[str] = set()
    for row, text in enumerate(texts.text):
        before = first.setdefault(key(text), row)
        if texts.label[before] != texts.label[row]:
            contradicted.add(key(text))
    return texts.take(np.array([row for name, row in first.items() if name not in contradicted], np.int64))
