"""What an evaluation says in sentences is what it found."""

import math
from dataclasses import replace

import numpy as np

from newsvol.replays.evaluation.volatility.evaluation import Evaluation
from newsvol.replays.evaluation.volatility.placebos import NewsStudy, NewsTrial
from newsvol.replays.evaluation.volatility.sweep import Settings
from newsvol.replays.report.evaluation.verdicts import (
    model_verdicts,
    news_verdicts,
    settings_words,
    span_sentence,
)


def study(real: float, shuffled: tuple[float, ...], dm_t: float = 3.0) -> NewsStudy:
    """News with that QLIKE against 1.0 of HAR alone, and a placebo that does nothing."""
    trials = (
        NewsTrial("real", "as they came", "real", real, 100 * (1 - real), dm_t),
        NewsTrial("wrong hour", "a placebo", "placebo", 1.0, 0.0, math.nan),
        NewsTrial("early", "looks ahead", "look-ahead", 0.5, 50.0, 9.0),
    )
    as_good = sum(value <= real for value in shuffled)
    return NewsStudy("har", 1.0, trials, shuffled, (1 + as_good) / (1 + len(shuffled)))


def test_the_span_says_its_rule_and_how_many_buckets_of_how_many(found: Evaluation) -> None:
    said = span_sentence(found)
    assert said.startswith("Test span: the last third of the tape, ")
    assert f"{found.rows.sum():,} of {found.span.end - found.span.first:,} buckets" in said


def test_the_models_of_the_planted_market_are_said_to_win(found: Evaluation) -> None:
    said = model_verdicts(found)
    assert any(line.startswith("log-har-p beats har by") for line in said)
    assert any(f"best of {len(found.board.models)} with hindsight" in line for line in said)
    chosen = [name for name, score in found.board.models.items() if score.in_set]
    assert f"90% Model Confidence Set: {', '.join(chosen)}" in said


def test_a_loser_that_is_not_rejected_is_called_erratic(found: Evaluation) -> None:
    board = found.board
    lost = replace(board.models["diurnal"], qlike=9.0, mcs_p=0.5)
    odd = replace(found, board=replace(board, models={**board.models, "diurnal": lost}))
    assert "in it NOT for being good, but for being too erratic to reject: diurnal" in model_verdicts(odd)


def test_without_a_confidence_set_none_is_named(found: Evaluation) -> None:
    models = {name: replace(score, mcs_p=None) for name, score in found.board.models.items()}
    bare = replace(found, board=replace(found.board, models=models))
    assert not [line for line in model_verdicts(bare) if "Confidence Set" in line]


def test_news_that_pays_says_by_how_much_and_against_how_many_shuffles() -> None:
    pays, ahead = news_verdicts(study(0.9, tuple(np.linspace(0.95, 1.05, 39))))
    assert "The news pays on this tape: with it har is 10.0% better in QLIKE (DM t +3.0)" in pays
    assert "0 of 39 shuffles do at least as well" in pays
    assert ahead == "Stamped an hour early, which looks ahead, it would seem 50.0% better: NOT a result"


def test_news_that_a_shuffle_beats_or_that_costs_does_not_pay() -> None:
    beaten = news_verdicts(study(0.9, (0.8, *np.linspace(0.85, 1.0, 38))))[0]
    assert "does NOT pay" in beaten
    worse = news_verdicts(study(1.1, (1.2,) * 39, dm_t=-3.0))[0]
    assert "does NOT pay" in worse
    assert "10.0% worse" in worse


def test_settings_are_named_with_and_without_news() -> None:
    assert settings_words(Settings("har", 1000, None, None)) == "har, window 1,000, no news"
    both = settings_words(Settings("har", 300, 30.0, (1.0, 4.5)))
    assert both == "har, window 300, news of half-lives 1, 4.5 h, ridge 30"
