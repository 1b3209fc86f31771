"""Sentences of the Reuters-21578 newswire: company news in whole sentences, without labels."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from newsvol.engine.errors import InputError

_BODY = re.compile(r"<BODY>(.*?)</BODY>", re.DOTALL)
_PARAGRAPH = re.compile(r"\n {3,}")
_END = re.compile(r"(?<=[a-z0-9)\"]\.)\s+(?=[A-Z\"])")
_SIGNATURE = re.compile(r"\breuter\b.{0,4}$", re.IGNORECASE | re.DOTALL)
_WORDS: Final = range(8, 46)  # shorter ones are headings, longer ones tables that lost their lines
_LETTERS: Final = 0.65  # share of letters below which a "sentence" is a table of results
_PER_STORY: Final = 4  # the lead; what follows is background
_SPELLED: Final = {
    "dlrs": "dollars",
    "dlr": "dollar",
    "mln": "million",
    "bln": "billion",
    "pct": "percent",
    "cts": "cents",
    "stg": "pounds",
    "shr": "share",
    "qtr": "quarter",
}
"""The wire's shorthand of 1987, which no later text uses."""
_SHORTHAND = re.compile(rf"\b({'|'.join(_SPELLED)})\b", re.IGNORECASE)


def newswire_sentences(folder: Path) -> Iterator[str]:
    """Yield the leading sentences of every story in the ``.sgm`` files of `folder`.

    The collection: Lewis (1997), Reuters-21578 text categorization test collection, distribution 1.0.

    Raises
    ------
    InputError
        The folder holds no such file.
    """
    files = sorted(folder.glob("*.sgm"))
    if not files:
        raise InputError(f"{folder} holds no .sgm files; name the folder of Reuters-21578")
    for file in files:
        for body in _BODY.findall(file.read_text(encoding="latin-1")):
            yield from _lead(html.unescape(_SIGNATURE.sub("", body)))


def _lead(body: str) -> Iterator[str]:
    count = 0
    for paragraph in _PARAGRAPH.split(body):
        for sentence in _END.split(" ".join(paragraph.split())):
            letters = sum(character.isalpha() or character == " " for character in sentence)
            if len(sentence.split()) in _WORDS and letters >= _LETTERS * len(sentence):
                yield _SHORTHAND.sub(lambda word: _SPELLED[word[0].lower()], sentence)
                count += 1
            if count == _PER_STORY:
                return
