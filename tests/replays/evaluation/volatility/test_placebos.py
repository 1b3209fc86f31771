"""Placebos: where news moves volatility the real one beats them, where it does not nothing is claimed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.arrays import NS_PER_DAY
from newsvol.replays.evaluation.volatility.evaluation import Request, evaluate
from newsvol.replays.evaluation.volatility.placebos import NewsStudy, shuffle_days
from newsvol.replays.report.evaluation.verdicts import news_verdicts
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.tapes.synth import Market, perfect_reading, synthesize

SEEDS = (7, 11, 23)


def study(market: Market, recipe: Recipe) -> NewsStudy:
    tape, truth = synthesize(market)
    found = evaluate(tape, recipe, perfect_reading(truth), Request(forecasters=("log-har-p",), shuffles=39))
    assert found.news is not None
    return found.news


@pytest.mark.parametrize("seed", SEEDS)
def test_planted_news_beats_every_placebo(recipe: Recipe, seed: int) -> None:
    news = study(Market(seed=seed), recipe)
    assert news.pays
    assert news.real.gain_pct > 5
    for trial in news.trials:
        if trial.role == "placebo":
            assert news.real.qlike < trial.qlike, trial.name
    assert news.real.qlike < min(news.shuffled_qlike)
    assert news.shuffle_p_value == 1 / 40
    assert "pays on this tape" in news_verdicts(news)[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_an_hour_of_look_ahead_flatters_planted_news(recipe: Recipe, seed: int) -> None:
    news = study(Market(seed=seed), recipe)
    ahead = next(trial for trial in news.trials if trial.role == "look-ahead")
    assert ahead.qlike < news.real.qlike
    assert "looks ahead" in ahead.what


@pytest.mark.parametrize("seed", SEEDS)
def test_news_that_moves_nothing_does_not_pay(recipe: Recipe, seed: int) -> None:
    news = study(Market(**Market(seed=seed).without_news_effect()), recipe)
    assert not news.pays
    assert news.real.dm_t < 1.96
    assert news.shuffle_p_value > 0.05
    assert "does NOT pay" in news_verdicts(news)[0]


@given(st.integers(0, 2**20), st.integers(1, 60))
def test_a_shuffle_keeps_weekday_time_and_bursts(seed: int, days: int) -> None:
    rng = np.random.default_rng(seed)
    stamps = np.sort(rng.integers(0, days * NS_PER_DAY, 30)) + 19_700 * NS_PER_DAY
    moved = shuffle_days(stamps, rng)
    assert np.array_equal(moved % NS_PER_DAY, stamps % NS_PER_DAY)
    assert not np.any((moved - stamps) // NS_PER_DAY % 7)
    assert moved.min() // NS_PER_DAY >= stamps.min() // NS_PER_DAY
    assert moved.max() // NS_PER_DAY <= stamps.max() // NS_PER_DAY
    # headlines of one day stay together, those of two days stay apart
    for day in np.unique(stamps // NS_PER_DAY):
        assert len(np.unique(moved[stamps // NS_PER_DAY == day] // NS_PER_DAY)) == 1
    assert len(np.unique(moved // NS_PER_DAY)) == len(np.unique(stamps // NS_PER_DAY))


def test_the_same_seed_draws_the_same_shuffles(recipe: Recipe) -> None:
    assert study(Market(sessions=220), recipe) == study(Market(sessions=220), recipe)
