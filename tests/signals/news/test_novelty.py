"""Novelty: a repetition counts for what is new in it, and never for what comes later."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.arrays import NS_PER_HOUR
from newsvol.engine.frames import SentimentScores
from newsvol.signals.news.features import news_features
from newsvol.signals.news.novelty import novelty_weights, relevant
from newsvol.signals.news.novelty_python import novelty_weights_python

START_NS = 1_700_000_000_000_000_000
WORDS = ["fed", "cuts", "rates", "again", "as", "markets", "fall", "on", "tariff"]

headlines = st.lists(st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join), max_size=15)


def hours(*values: float) -> np.ndarray:
    return START_NS + np.round(np.array(values) * NS_PER_HOUR).astype(np.int64)


@given(headlines, st.floats(0.5, 60))
def test_the_index_is_the_formula(texts, step_hours):
    stamps = hours(*(np.arange(len(texts)) * step_hours // 3))
    np.testing.assert_allclose(
        novelty_weights(texts, stamps), novelty_weights_python(texts, stamps), atol=1e-15
    )


@given(headlines, headlines)
def test_no_weight_depends_on_a_later_headline(first, later):
    stamps = hours(*np.arange(len(first) + len(later)))
    whole = novelty_weights(first + later, stamps)
    assert np.array_equal(whole[: len(first)], novelty_weights(first, stamps[: len(first)]))


def test_a_repetition_counts_for_nothing_and_the_first_of_it_in_full():
    texts = ["Fed cuts rates again", "FED CUTS RATES, again!", "Oil falls"]
    assert novelty_weights(texts, hours(0, 1, 2)).tolist() == [1.0, 0.0, 1.0]


def test_a_rewrite_counts_for_what_is_new_in_it():
    # pairs: {a b, b c, c d} and {a b, b c, c e}: two of four are shared
    assert novelty_weights(["a b c d", "a b c e"], hours(0, 1)).tolist() == [1.0, 0.5]


def test_after_a_day_it_is_news_again():
    assert novelty_weights(["Fed cuts rates"] * 3, hours(0, 24, 48.1)).tolist() == [1.0, 0.0, 1.0]


def test_a_text_without_words_is_like_no_other():
    assert novelty_weights(["...", "...", ""], hours(0, 1, 2)).tolist() == [1.0, 1.0, 1.0]


def test_no_headlines_have_no_weights():
    assert novelty_weights([], hours()).shape == (0,)


def test_a_weight_scales_every_channel_and_one_changes_nothing():
    stamps = hours(0, 1)
    scores = SentimentScores(np.zeros((2, 3)), np.array([-0.5, 0.8]), stamps)
    query_ns = hours(1, 3)
    plain = news_features(scores, stamps, query_ns)
    assert np.array_equal(news_features(scores, stamps, query_ns, weight=np.ones(2)), plain)
    first = news_features(scores.take(slice(1)), stamps[:1], query_ns)
    assert news_features(scores, stamps, query_ns, weight=np.array([1.0, 0.0])) == pytest.approx(first)


def test_relevance_is_a_word_of_the_list_not_a_part_of_one():
    assert relevant(["Fed cuts rates", "Federer wins in Paris", "STOCKS rally"]).tolist() == [
        True,
        False,
        True,
    ]
    assert relevant(["Federer wins"], terms={"federer"}).tolist() == [True]


def test_of_ten_thousand_headlines_each_is_weighed_against_its_own_day():
    rng = np.random.default_rng(3)
    vocabulary = np.array([f"word{i}" for i in range(40)])
    texts = [" ".join(row) for row in rng.choice(vocabulary, (10_000, 4))]
    stamps = np.sort(hours(*rng.uniform(0, 24 * 365, len(texts))))
    weights = novelty_weights(texts, stamps)
    for row in rng.choice(len(texts), 40):
        day = slice(np.searchsorted(stamps, stamps[row] - 24 * NS_PER_HOUR), row + 1)
        assert weights[row] == novelty_weights_python(texts[day], stamps[day])[-1]
    assert 0 < np.mean(weights < 1) < 1
