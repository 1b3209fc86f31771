"""Novelty in plain Python, pair by pair: the twin that the kernel is tested against."""

from collections.abc import Sequence

import numpy as np

from newsvol.engine.arrays import NS_PER_HOUR, FloatArray, IntArray
from newsvol.signals.news.novelty import WINDOW_HOURS, shingles_of


def novelty_weights_python(
    headlines: Sequence[str], available_ns: IntArray, window_hours: float = WINDOW_HOURS
) -> FloatArray:
    """Plain-Python twin of `novelty_weights`, pair by pair, written for reading."""
    sets = [shingles_of(headline) for headline in headlines]
    out = np.ones(len(sets))
    for j, mine in enumerate(sets):
        for i in range(j):
            union = mine | sets[i]
            if union and available_ns[i] >= available_ns[j] - round(window_hours * NS_PER_HOUR):
                out[j] = min(out[j], 1.0 - len(mine & sets[i]) / len(union))
    return out
