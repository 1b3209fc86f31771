"""News features: a headline counts from when its score was ready, and decays from when it could be read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.arrays import NS_PER_HOUR, NS_PER_MINUTE
from newsvol.engine.frames import SentimentScores
from newsvol.signals.news.features import (
    CHANNELS,
    HALF_LIVES_HOURS,
    channel_weights,
    news_features,
    news_tone,
)

START_NS = 1_700_000_000_000_000_000


def scores_of(score: list[float], ready_ns: np.ndarray) -> SentimentScores:
    values = np.array(score, dtype=np.float64)
    probs = np.column_stack([np.maximum(-values, 0), 1 - np.abs(values), np.maximum(values, 0)])
    return SentimentScores(probs, values, np.asarray(ready_ns, dtype=np.int64))


def direct(weights, ready_ns, available_ns, query_ns, half_lives_hours):
    """The formula, headline by headline and query by query."""
    out = np.zeros((len(query_ns), len(half_lives_hours) * weights.shape[1]))
    for q, now in enumerate(query_ns):
        for j in np.flatnonzero(ready_ns <= now):
            age_hours = (now - available_ns[j]) / NS_PER_HOUR
            out[q] += np.outer(0.5 ** (age_hours / np.array(half_lives_hours)), weights[j]).ravel()
    return out


@st.composite
def news(draw: st.DrawFn) -> tuple[SentimentScores, np.ndarray, np.ndarray]:
    """Headlines, ready out of order at times, and queries, some of them at the very same instants."""
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    n, q = draw(st.integers(0, 15)), draw(st.integers(0, 15))
    available_ns = START_NS + np.sort(rng.integers(0, 600, n)) * NS_PER_MINUTE
    ready_ns = available_ns + rng.integers(0, draw(st.sampled_from([1, 30, 300])), n) * NS_PER_MINUTE
    query_ns = START_NS + rng.integers(0, 1200, q) * NS_PER_MINUTE
    query_ns = np.sort(np.concatenate([query_ns, ready_ns[: n // 2]]))
    return scores_of(rng.uniform(-1, 1, n).tolist(), ready_ns), available_ns, query_ns


@given(news())
def test_the_kernel_is_the_formula(case):
    scores, available_ns, query_ns = case
    weights = channel_weights(scores.score)
    expected = direct(weights, scores.ready_ns, available_ns, query_ns, HALF_LIVES_HOURS)
    np.testing.assert_allclose(news_features(scores, available_ns, query_ns), expected, rtol=1e-9, atol=1e-12)


@given(news())
def test_the_tone_is_the_formula_on_signed_scores(case):
    scores, available_ns, query_ns = case
    expected = direct(scores.score[:, None], scores.ready_ns, available_ns, query_ns, [4.0])[:, 0]
    np.testing.assert_allclose(news_tone(scores, available_ns, query_ns), expected, rtol=1e-9, atol=1e-12)


@given(news(), st.randoms())
def test_the_order_of_headlines_does_not_matter(case, random):
    scores, available_ns, query_ns = case
    order = list(range(len(scores)))
    random.shuffle(order)
    rows = np.array(order, dtype=np.int64)
    np.testing.assert_allclose(
        news_features(scores.take(rows), available_ns[rows], query_ns),
        news_features(scores, available_ns, query_ns),
        rtol=1e-12,
    )


@given(news(), st.integers(0, 1200))
def test_a_query_knows_only_headlines_scored_by_then(case, minute):
    scores, available_ns, query_ns = case
    now = START_NS + minute * NS_PER_MINUTE
    asked = query_ns[query_ns <= now]
    later = scores.ready_ns > now
    other = SentimentScores(scores.probs, np.where(later, -1.0, scores.score), scores.ready_ns)
    whole = news_features(other, available_ns, query_ns)[: len(asked)]
    known = scores.take(~later)
    assert np.array_equal(whole, news_features(scores, available_ns, query_ns)[: len(asked)])
    assert np.array_equal(whole, news_features(known, available_ns[~later], asked))


def test_a_headline_counts_from_ready_and_has_decayed_since_available():
    ready_ns = START_NS + NS_PER_HOUR
    scores = scores_of([-0.5], np.array([ready_ns]))
    query_ns = np.array([START_NS, ready_ns - 1, ready_ns, ready_ns + NS_PER_HOUR])
    features = news_features(scores, np.array([START_NS]), query_ns, [1.0])
    assert features[:, 0].tolist() == [0.0, 0.0, 0.5, 0.25]
    assert features[:, 1].tolist() == [0.0, 0.0, 0.25, 0.125]


def test_half_lives_are_the_slow_axis_and_channels_the_fast_one():
    stamp = np.array([START_NS])
    features = news_features(scores_of([-0.5], stamp), stamp, stamp + NS_PER_HOUR, [1.0, 2.0])
    assert features.shape == (1, 2 * len(CHANNELS))
    assert features[0] == pytest.approx([0.5, 0.25, 0.25, 0.5**0.5, 0.5**1.5, 0.5**1.5])


def test_channels_are_count_size_and_bad_news():
    assert CHANNELS == ("count", "abs_score", "negative_score")
    assert channel_weights(np.array([0.6, 0.0, -0.4])).tolist() == [[1, 0.6, 0], [1, 0, 0], [1, 0.4, 0.4]]


def test_no_headlines_are_exact_zeros():
    nothing = scores_of([], np.empty(0, np.int64))
    features = news_features(nothing, np.empty(0, np.int64), START_NS + np.arange(5) * NS_PER_HOUR)
    assert features.shape == (5, len(HALF_LIVES_HOURS) * len(CHANNELS))
    assert not features.any()


def test_old_news_fades_to_nothing_and_new_news_counts_as_ever():
    stamps = START_NS + np.array([0, 20_000 * 24]) * NS_PER_HOUR
    features = news_features(scores_of([1.0, 1.0], stamps), stamps, stamps, [1.0])
    assert features.tolist() == [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]
