"""The forecasts that are compared: which, in what order, and made of what."""

from dataclasses import replace

import numpy as np
import pytest
from evaluations import MODELS, request_of, schedule_of

from newsvol.engine.arrays import NS_PER_DAY, FloatArray
from newsvol.engine.errors import InputError, TapeError
from newsvol.engine.frames import NewsFrame
from newsvol.engine.latency import parse_latency
from newsvol.replays.evaluation.volatility.evaluation import Evaluation, evaluate
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.service_times import rule_times
from newsvol.replays.simulation.session import Scope, model_ticks, run_session
from newsvol.replays.tapes.synth import Market, synthesize
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.naive import NAIVE


def test_naive_forecasts_come_first_and_news_last(found: Evaluation) -> None:
    assert list(found.board.models) == [*NAIVE, *MODELS, "fused:log_linear", "fused:weighted_sum"]


def test_the_fused_forecast_is_the_one_that_is_traded(
    planted: tuple[Tape, FloatArray], recipe: Recipe, found: Evaluation
) -> None:
    tape, probs = planted
    service = rule_times(parse_latency("zero"), model_ticks(tape, found.history))
    session = run_session(tape, recipe, found.history, probs, service, scope=Scope(("buy_and_hold",), ()))
    traded = session.forecasts.by_name["fused"]
    evaluated = found.lineup.variance["fused:log_linear"]
    # the replay decays the news from tick to tick, the evaluation from bucket to bucket: the last bits differ
    np.testing.assert_allclose(traded[found.rows], evaluated[found.rows], rtol=1e-12)


def test_a_forecaster_that_needs_a_schedule_says_so(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    tape, _ = planted
    named = request_of(forecasters=("log-har-p-events",))
    with pytest.raises(InputError, match="'log-har-p-events' cannot be compared: it needs scheduled events"):
        evaluate(tape, recipe, None, named)
    found = evaluate(tape, recipe, None, replace(named, schedule=schedule_of(tape)))
    assert found.board.models["log-har-p-events"].qlike < found.board.models["log-har-p"].qlike


def test_a_forecaster_that_does_not_exist_is_refused_with_the_nearest(
    planted: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    with pytest.raises(InputError, match="unknown forecaster 'log-har'; did you mean 'log-har-p'"):
        evaluate(planted[0], recipe, None, request_of(forecasters=("log-har",)))


def test_a_tape_that_is_too_short_says_what_it_has(recipe: Recipe) -> None:
    tape, _ = synthesize(Market(sessions=60, headlines=5))
    told = r"tape has 420 in all; use a longer tape, .* \(now 500 buckets\), or give it a prior"
    with pytest.raises(TapeError, match=told):
        evaluate(tape, recipe, None, request_of())


def test_headlines_of_another_time_are_refused(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    tape, probs = planted
    news = tape.news
    earlier = NewsFrame(
        news.item_id,
        news.published_ns - 900 * NS_PER_DAY,
        news.resolution_ns,
        news.available_ns - 900 * NS_PER_DAY,
        news.source,
        news.headline,
    )
    with pytest.raises(
        TapeError, match=r"none of the 1,000 headlines \(2020-.*falls in the span of the bars"
    ):
        evaluate(replace(tape, news=earlier), recipe, probs, request_of())
