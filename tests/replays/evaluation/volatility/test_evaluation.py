"""The evaluation scores every model on the same buckets, out of sample, and says what it left out."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from evaluations import request_of, schedule_of
from report_pages import unpack

from newsvol.engine.arrays import NS_PER_MINUTE, FloatArray
from newsvol.engine.errors import InputError, TapeError
from newsvol.replays.audit.perturbation import perturb
from newsvol.replays.evaluation.volatility.evaluation import Evaluation, evaluate
from newsvol.replays.report.evaluation.page import render_page
from newsvol.replays.report.evaluation.verdicts import model_verdicts, span_sentence
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.naive import NAIVE


def test_what_was_planted_is_found(found: Evaluation) -> None:
    models = found.board.models
    assert found.board.best == "fused:log_linear"
    assert models["fused:log_linear"].in_set
    assert models["log-har-p"].dm_har.t > 2
    assert not models["diurnal"].in_set
    said = model_verdicts(found)
    assert any(line.startswith("log-har-p beats har by") for line in said)


def test_no_forecast_of_the_span_knows_what_comes_later(
    planted: tuple[Tape, FloatArray], recipe: Recipe, found: Evaluation
) -> None:
    tape, probs = planted
    middle = int(np.flatnonzero(found.rows)[200])
    moment_ns = int(found.history.buckets.open_ns[middle])
    changed, changed_probs = perturb(tape, probs, moment_ns, "redraw", np.random.default_rng(1))
    again = evaluate(changed, recipe, changed_probs, request_of(shuffles=0))
    for name, variance in found.lineup.variance.items():
        assert np.array_equal(
            variance[: middle + 1], again.lineup.variance[name][: middle + 1], equal_nan=True
        )


def test_a_span_that_begins_before_the_first_forecast_begins_with_it(
    planted: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    tape, probs = planted
    found = evaluate(tape, recipe, probs, request_of(first=date(2023, 1, 1), shuffles=0))
    assert 0 < found.rows.sum() < found.span.end - found.span.first
    assert f"{found.rows.sum():,} of {len(found.rows):,} buckets" in span_sentence(found)


def test_without_news_nothing_is_fused(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    found = evaluate(planted[0], recipe, None, request_of())
    assert found.news is None
    assert "fused:log_linear" not in found.board.models
    assert {row.cut for row in found.cuts} == {"time of day", "month"}


def test_without_the_confidence_set_the_rest_is_there_and_says_so(
    planted: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    def absent(_losses: Mapping[str, FloatArray], _block: int, _seed: int) -> dict[str, float]:
        raise InputError("the Model Confidence Set needs arch")

    found = evaluate(planted[0], recipe, None, request_of(), confidence_set=absent)
    assert found.board.notes == ("the Model Confidence Set needs arch",)
    assert found.as_json()["models"]["har"]["in_confidence_set"] is None
    assert "needs arch" in render_page(found)


def test_the_same_tape_gives_the_same_json(
    planted: tuple[Tape, FloatArray], recipe: Recipe, found: Evaluation
) -> None:
    tape, probs = planted
    again = evaluate(tape, recipe, probs, request_of(schedule=schedule_of(tape)))
    assert json.dumps(found.as_json(), allow_nan=False) == json.dumps(again.as_json(), allow_nan=False)


def test_a_recipe_may_trade_a_naive_forecast(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    naive = recipe.model_copy(
        update={"volatility": recipe.volatility.model_copy(update={"forecaster": "diurnal-ewma"})}
    )
    found = evaluate(*planted[:1], naive, planted[1], request_of(forecasters=("har",), shuffles=1))
    assert list(found.board.models) == [*NAIVE, "har", "fused:log_linear", "fused:weighted_sum"]
    assert found.news is not None
    assert found.news.base == "diurnal-ewma"
    assert render_page(found)


def test_a_span_with_gaps_says_so_and_scores_nothing_in_them(
    planted: tuple[Tape, FloatArray], recipe: Recipe, found: Evaluation
) -> None:
    tape, probs = planted
    minute = (tape.bars.open_ns - tape.sessions.open_ns[200]) // NS_PER_MINUTE
    away = (tape.bars.open_ns >= tape.sessions.open_ns[220]) & (
        tape.bars.close_ns <= tape.sessions.close_ns[227]
    )
    torn = replace(tape, bars=tape.bars.take(~(away | ((minute >= 60) & (minute < 110)))))
    again = evaluate(torn, recipe, probs, request_of(shuffles=0))
    assert found.board.notes == ()
    sessions, buckets = again.board.notes
    assert sessions.startswith("GAPS: 8 of the ")
    assert buckets.startswith("GAPS: buckets of the span that lack")
    assert buckets.endswith("not scored: 1; that lack fewer, and whose measures are scaled up: 0")
    assert not again.rows[np.isnan(again.history.measures.rv)].any()
    assert again.rows.sum() == (found.rows & np.isfinite(again.history.measures.rv)).sum()
    page = render_page(again)
    assert sessions in page
    drawn = json.loads(unpack(page, "figures"))["volatility"]["data"][0]["y"]
    assert drawn.count(None) == 9  # the eight, and the session that lacks a bucket


def test_a_span_that_is_mostly_empty_is_not_scored(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    tape, probs = planted
    torn = replace(tape, bars=tape.bars.take(tape.bars.close_ns <= tape.sessions.close_ns[199]))
    with pytest.raises(TapeError, match=r"sessions of the test span \(the last third\) have no bars"):
        evaluate(torn, recipe, probs, request_of(shuffles=0))
