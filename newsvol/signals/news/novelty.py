"""Novelty and relevance: weights for headlines that repeat others, or are about something else.

Novelty is one minus the greatest Jaccard similarity of word pairs to a headline of the 24 hours before
(Broder 1997, "On the resemblance and containment of documents", with shingles of two words). It is exact, not
MinHash: headlines are a dozen words, so the index over shingles that LSH would approximate fits in a few
arrays and needs no library, no seed and no threshold. Ten thousand headlines take about a tenth of a second.
"""

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

import numpy as np

from newsvol.engine.arrays import NS_PER_HOUR, BoolArray, FloatArray, IntArray
from newsvol.signals.news.novelty_nb import repeated_share_nb

WINDOW_HOURS = 24.0

_MARKET_WORDS = """
    bank banks bond bonds budget bull bear crash cut cuts debt dow dollar earnings economic economy
    etf equities fed federal futures gdp growth hike index inflation invest investors jobs market
    markets nasdaq oil powell profit profits rally rate rates recession sales sanctions selloff
    shares spending spy stock stocks tariff tariffs tax taxes trade traders treasury unemployment
    volatility wage wages yield yields
"""
MARKET_TERMS = frozenset(_MARKET_WORDS.split())
"""Words that make a headline one about the market: a plain list, chosen before looking at any result."""

_WORD = re.compile(r"[a-z0-9]+")


def novelty_weights(
    headlines: Sequence[str], available_ns: IntArray, window_hours: float = WINDOW_HOURS
) -> FloatArray:
    """Return the share of each headline that is new, shape (N,), in [0, 1].

    Parameters
    ----------
    headlines : sequence of str, length N
    available_ns : IntArray, shape (N,)
        Non-decreasing.
    window_hours : float
        How far back a repetition is one.

    Notes
    -----
    Causal: a headline is compared with those that come before it in the frame, never with a later one. Of
    two with one stamp the second is the repetition. A text without a word is like no other: weight one.
    """
    ids: dict[str, int] = {}
    flat: list[int] = []
    first = np.zeros(len(headlines) + 1, dtype=np.int64)
    for row, headline in enumerate(headlines):
        flat += {ids.setdefault(shingle, len(ids)) for shingle in shingles_of(headline)}
        first[row + 1] = len(flat)
    shingle = np.array(flat, dtype=np.int64)
    window_ns = round(window_hours * NS_PER_HOUR)
    return 1.0 - np.asarray(repeated_share_nb(first, shingle, len(ids), available_ns, window_ns))


def relevant(headlines: Sequence[str], terms: Collection[str] = MARKET_TERMS) -> BoolArray:
    """Return whether each headline holds a word of `terms` (lower case), shape (N,)."""
    wanted = frozenset(terms)
    return np.array(
        [not wanted.isdisjoint(_WORD.findall(text.lower())) for text in headlines], dtype=np.bool_
    )


def shingles_of(headline: str) -> set[str]:
    """Return the pairs of neighbouring words; a headline of one word is that word."""
    words = _WORD.findall(headline.lower())
    return {f"{a} {b}" for a, b in pairwise(words)} if len(words) > 1 else set(words)
