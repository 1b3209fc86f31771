"""Decayed sums of headlines, read at ticks."""

from typing import NamedTuple

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.kernel import kernel


class DecayArrays(NamedTuple):
    """What the sums carry on from one stretch of queries to the next; H half-lives, C channels.

    `state` (H, C) the sums, as of `now_ns` (1,); `item` (1,) the next headline.
    """

    state: FloatArray
    now_ns: IntArray
    item: IntArray


@kernel
def decayed_sums_nb(
    ready_ns: IntArray,
    available_ns: IntArray,
    weights: FloatArray,
    query_ns: IntArray,
    half_life_ns: FloatArray,
    s: DecayArrays,
) -> FloatArray:
    """Return (Q, H * C) sums over the headlines scored by each query; see `news.news_features`.

    `ready_ns` (N,) and `query_ns` (Q,) are non-decreasing. One pass: the state decays from stamp to stamp.
    """
    state = s.state
    n_items, n_channels = weights.shape
    n_lives = len(half_life_ns)
    out = np.zeros((len(query_ns), n_lives * n_channels))
    now, j = s.now_ns[0], s.item[0]
    for q in range(len(query_ns)):
        if query_ns[q] != now:
            for h in range(n_lives):
                decay = 2.0 ** (-(query_ns[q] - now) / half_life_ns[h])
                for c in range(n_channels):
                    state[h, c] *= decay
            now = query_ns[q]
        while j < n_items and ready_ns[j] <= now:
            for h in range(n_lives):
                decay = 2.0 ** (-(now - available_ns[j]) / half_life_ns[h])
                for c in range(n_channels):
                    state[h, c] += decay * weights[j, c]
            j += 1
        for h in range(n_lives):
            for c in range(n_channels):
                out[q, h * n_channels + c] = state[h, c]
    s.now_ns[0], s.item[0] = now, j
    return out
