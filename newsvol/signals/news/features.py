"""News features: what has been in the headlines lately, as numbers that decay."""

from collections.abc import Sequence

import numpy as np

from newsvol.engine.arrays import NS_PER_HOUR, FloatArray, IntArray
from newsvol.engine.frames import SentimentScores
from newsvol.signals.news.features_nb import DecayArrays, decayed_sums_nb

CHANNELS = ("count", "abs_score", "negative_score")
HALF_LIVES_HOURS = (0.25, 1.0, 4.0, 24.0)
TONE_HALF_LIFE_HOURS = 4.0


def channel_weights(score: FloatArray) -> FloatArray:
    """Return the weight of each headline in each of `CHANNELS`, shape (N, 3): 1, |s| and max(-s, 0)."""
    return np.column_stack([np.ones_like(score), np.abs(score), np.maximum(-score, 0.0)])


def news_features(
    scores: SentimentScores,
    available_ns: IntArray,
    query_ns: IntArray,
    half_lives_hours: Sequence[float] = HALF_LIVES_HOURS,
    weight: FloatArray | None = None,
) -> FloatArray:
    """Return N_{h,c}(t) at each query, shape (Q, H * C), channel fastest.

    N_{h,c}(t) = sum over headlines with ready_ns <= t of w_c 2^(-(t - available)/h). Causal: a headline
    counts from the moment its score existed, and has decayed since the moment it could be read.

    Parameters
    ----------
    available_ns : IntArray, shape (N,)
        Of the same headlines as `scores`.
    query_ns : IntArray, shape (Q,)
        Non-decreasing.
    weight : FloatArray, shape (N,), optional
        What each headline counts in every channel (`novelty.novelty_weights`, relevance); one if not given.
    """
    channels = channel_weights(scores.score)
    if weight is not None:
        channels = channels * weight[:, None]
    return _decayed(scores, available_ns, channels, query_ns, half_lives_hours)


def news_tone(
    scores: SentimentScores,
    available_ns: IntArray,
    query_ns: IntArray,
    half_life_hours: float = TONE_HALF_LIFE_HOURS,
) -> FloatArray:
    """Return the decayed sum of signed scores at each query, shape (Q,); causal as `news_features`."""
    return _decayed(scores, available_ns, scores.score[:, None], query_ns, (half_life_hours,))[:, 0]


class LiveNews:
    """News features as they grow: headline by headline, query by query, in the order of the clock.

    Parameters
    ----------
    capacity : int
        Headlines that it can hold.
    half_lives_hours : sequence of float
    """

    def __init__(self, capacity: int, half_lives_hours: Sequence[float] = HALF_LIVES_HOURS) -> None:
        self._ready_ns = np.zeros(capacity, dtype=np.int64)
        self._available_ns = np.zeros(capacity, dtype=np.int64)
        self._weights = np.zeros((capacity, len(CHANNELS)))
        self._score = np.zeros((capacity, 1))
        self._headlines = 0
        self._features = _Sums(half_lives_hours, len(CHANNELS))
        self._tone = _Sums((TONE_HALF_LIFE_HOURS,), 1)

    def add(self, available_ns: int, ready_ns: int, score: float) -> None:
        """Take in a headline: available, scored by `ready_ns`, with this signed score."""
        row = self._headlines
        self._available_ns[row], self._ready_ns[row] = available_ns, ready_ns
        self._weights[row] = channel_weights(np.array([score]))[0]
        self._score[row] = score
        self._headlines += 1

    def at(self, now_ns: int) -> tuple[FloatArray, float]:
        """Return `news_features` and `news_tone` of this moment, shape (H * C,) and a number."""
        known = slice(self._headlines)
        ready_ns, available_ns, query_ns = (
            self._ready_ns[known],
            self._available_ns[known],
            np.array([now_ns]),
        )
        features = self._features.at(ready_ns, available_ns, self._weights[known], query_ns)
        tone = self._tone.at(ready_ns, available_ns, self._score[known], query_ns)
        return features[0], float(tone[0, 0])


class _Sums:
    """Decayed sums that go on from query to query."""

    def __init__(self, half_lives_hours: Sequence[float], channels: int) -> None:
        self._half_life_ns = np.array(half_lives_hours) * NS_PER_HOUR
        stamp, item = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        self._state = DecayArrays(np.zeros((len(half_lives_hours), channels)), stamp, item)
        self._begun = False

    def at(
        self, ready_ns: IntArray, available_ns: IntArray, weights: FloatArray, query_ns: IntArray
    ) -> FloatArray:
        if not self._begun and len(query_ns):
            self._state.now_ns[0] = query_ns[0]
            self._begun = True
        return np.asarray(
            decayed_sums_nb(ready_ns, available_ns, weights, query_ns, self._half_life_ns, self._state)
        )


def _decayed(
    scores: SentimentScores,
    available_ns: IntArray,
    weights: FloatArray,
    query_ns: IntArray,
    half_lives_hours: Sequence[float],
) -> FloatArray:
    # with several workers scores can be ready out of order; the kernel wants them in order of readiness.
    order = np.argsort(scores.ready_ns, kind="stable")
    sums = _Sums(half_lives_hours, weights.shape[1])
    return sums.at(
        scores.ready_ns[order], available_ns[order], np.ascontiguousarray(weights[order]), query_ns
    )
