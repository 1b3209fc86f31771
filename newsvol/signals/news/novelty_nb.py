"""How much of each headline was said before, by an inverted index over shingles."""

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.kernel import kernel


@kernel
def repeated_share_nb(
    first: IntArray, shingle: IntArray, n_shingles: int, available_ns: IntArray, window_ns: int
) -> FloatArray:
    """Return the greatest Jaccard similarity of each headline to one of the window before it, shape (N,).

    Headline j holds the distinct `shingle[first[j]:first[j + 1]]`, ids below `n_shingles`; `available_ns`
    is non-decreasing. Every shingle remembers the headlines that held it, the latest first, so that a
    headline meets only those it shares something with, and stops at the window's edge.
    """
    n = len(available_ns)
    out = np.zeros(n)
    latest = np.full(n_shingles, -1, dtype=np.int64)
    before = np.full(len(shingle), -1, dtype=np.int64)
    owner = np.empty(len(shingle), dtype=np.int64)
    shared = np.zeros(n, dtype=np.int64)
    met = np.empty(n, dtype=np.int64)
    for j in range(n):
        size = first[j + 1] - first[j]
        n_met = 0
        for place in range(first[j], first[j + 1]):
            link = latest[shingle[place]]
            while link >= 0 and available_ns[owner[link]] >= available_ns[j] - window_ns:
                other = owner[link]
                if shared[other] == 0:
                    met[n_met] = other
                    n_met += 1
                shared[other] += 1
                link = before[link]
        for k in range(n_met):
            other = met[k]
            union = size + first[other + 1] - first[other] - shared[other]
            out[j] = max(out[j], shared[other] / union)
            shared[other] = 0
        # entered after the search: a headline is no duplicate of itself
        for place in range(first[j], first[j + 1]):
            owner[place] = j
            before[place] = latest[shingle[place]]
            latest[shingle[place]] = place
    return out
