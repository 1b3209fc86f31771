"""News features: what has been in the headlines lately, as numbers that decay."""

from collections.abc import Sequence

import numpy as np

from newsvol.engine.arrays import NS_PER_HOUR, FloatArray, IntArray
from newsvol.engine.frames import SentimentScores
from newsvol.signals.news.features_nb import decayed_sums_nb

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


def _decayed(
    scores: SentimentScores,
    available_ns: IntArray,
    weights: FloatArray,
    query_ns: IntArray,
    half_lives_hours: Sequence[float],
) -> FloatArray:
    # with several workers scores can be ready out of order; the kernel wants them in order of readiness.
    order = np.argsort(scores.ready_ns, kind="stable")
    return np.asarray(
        decayed_sums_nb(
            scores.ready_ns[order],
            available_ns[order],
            np.ascontiguousarray(weights[order]),
            query_ns,
            np.array(half_lives_hours) * NS_PER_HOUR,
        )
    )
