"""The news-decay study says what it lacks."""

import numpy as np
import pytest
from news_decay import GRID_HOURS, study_news_decay

from newsvol.engine.errors import InputError
from newsvol.engine.frames import SentimentScores


def headlines(history, count):
    stamps = np.sort(np.random.default_rng(0).choice(history.buckets.open_ns, count))
    return SentimentScores(np.full((count, 3), 1 / 3), np.linspace(-1, 1, count), stamps), stamps


def test_too_short_a_tape_says_how_many_buckets_it_has(plain_history):
    history = plain_history(np.exp(np.random.default_rng(1).normal(0, 1, 210)), slots=7)
    # a bucket has history once four fifths of the 154 before it are known: rows 124 to 209
    with pytest.raises(InputError, match="needs 100 buckets with history, the tape has 86"):
        study_news_decay(history, *headlines(history, 30))


def test_a_history_that_is_not_yet_measured_is_too_short(make_history):
    history = make_history(20)
    with pytest.raises(InputError, match="needs 100 buckets with history, the tape has 0"):
        study_news_decay(history, *headlines(history, 30))


def test_a_tape_without_headlines_has_no_decay(make_history):
    history = make_history(60)
    with pytest.raises(InputError, match="needs headlines, the tape has none"):
        study_news_decay(history, *headlines(history, 0))


def test_enough_history_gives_a_half_life_of_the_grid(make_history):
    history = make_history(60)
    found = study_news_decay(history, *headlines(history, 200))
    assert found.half_life_hours in GRID_HOURS
    assert 0 <= found.r2_gain < 0.2
