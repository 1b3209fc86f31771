"""What was planted in the synthetic market is found again; what was not planted is not."""

import numpy as np
import pytest
from news_decay import study_news_decay

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError
from newsvol.engine.frames import SentimentScores
from newsvol.engine.latency import parse_latency
from newsvol.replays.evaluation.run_metrics import evaluated_buckets
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.service_times import rule_times
from newsvol.replays.simulation.session import Scope, model_ticks, run_session
from newsvol.replays.tapes.synth import Market, perfect_reading, synthesize
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.har_specifications import build_har
from newsvol.signals.volatility.history import measure_history
from newsvol.signals.volatility.losses import forecast_losses

SEEDS = (7, 11, 23)


def qlike_of(market: Market, recipe: Recipe) -> dict[str, float]:
    tape, truth = synthesize(market)
    history = measure_history(tape.bars, tape.sessions)
    service = rule_times(parse_latency("zero"), model_ticks(tape, history))
    session = run_session(
        tape, recipe, history, perfect_reading(truth), service, scope=Scope(("buy_and_hold",), ())
    )
    rows = evaluated_buckets(session)
    realized = history.measures.rv[rows]
    return {
        name: forecast_losses(realized, variance[rows])["qlike"]
        for name, variance in session.forecasts.by_name.items()
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_the_diurnal_curve_is_recovered(seed: int) -> None:
    market = Market(seed=seed)
    tape, _ = synthesize(market)
    history = measure_history(tape.bars, tape.sessions)
    planted = np.array(market.diurnal) / np.mean(market.diurnal)
    last_session = history.buckets.session == history.buckets.session[-1]
    assert np.abs(history.diurnal[last_session] - planted).max() < 0.15


@pytest.mark.parametrize("seed", SEEDS)
def test_the_news_half_life_is_recovered_within_a_factor_of_two(seed: int) -> None:
    market = Market(seed=seed)
    tape, truth = synthesize(market)
    history = measure_history(tape.bars, tape.sessions)
    probs = perfect_reading(truth)
    scores = SentimentScores(probs, probs[:, 2] - probs[:, 0], tape.news.available_ns)
    found = study_news_decay(history, scores, tape.news.available_ns)
    assert 0.5 < found.half_life_hours / market.news_half_life_hours < 2.0
    assert found.r2_gain > 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_the_sign_of_leverage_is_recovered(seed: int) -> None:
    tape, _ = synthesize(Market(seed=seed))
    history = measure_history(tape.bars, tape.sessions)
    model = build_har("log-har-p-leverage")
    state = model.state(len(history.buckets))
    state.run(model.series(history), model.extra(history))
    assert state.beta[state.columns.index("leverage")] > 0


def test_no_leverage_is_found_where_none_was_planted() -> None:
    found = []
    for seed in SEEDS:
        tape, _ = synthesize(Market(seed=seed, leverage=0.0))
        history = measure_history(tape.bars, tape.sessions)
        model = build_har("log-har-p-leverage")
        state = model.state(len(history.buckets))
        state.run(model.series(history), model.extra(history))
        found.append(state.beta[-1])
    assert abs(np.mean(found)) < 0.04  # a third of what is planted otherwise


@pytest.mark.parametrize("seed", SEEDS)
def test_fused_beats_har_alone_and_every_naive_forecast_where_news_moves_volatility(
    seed: int, recipe: Recipe
) -> None:
    loss = qlike_of(Market(seed=seed), recipe)
    assert loss["fused"] < 0.95 * loss["log-har-p"]
    assert loss["log-har-p"] < min(
        value for name, value in loss.items() if name not in ("fused", "log-har-p")
    )


def test_fused_does_not_beat_har_alone_where_news_moves_nothing(recipe: Recipe) -> None:
    gains = []
    for seed in SEEDS:
        loss = qlike_of(Market(**Market(seed=seed).without_news_effect()), recipe)
        gains.append(1 - loss["fused"] / loss["log-har-p"])
    # the gate keeps it out: it neither costs nor seems to pay more than a tenth of a percent
    assert np.abs(gains).max() < 0.001


def test_the_same_seed_gives_the_same_tape_and_another_seed_another(planted: tuple[Tape, FloatArray]) -> None:
    assert synthesize(Market())[0].content_hash() == planted[0].content_hash()
    assert synthesize(Market(seed=8))[0].content_hash() != planted[0].content_hash()


def test_the_default_market_is_a_year_with_a_thousand_headlines(planted: tuple[Tape, FloatArray]) -> None:
    tape, _ = planted
    assert (len(tape.sessions), len(tape.news)) == (250, 1000)
    assert len(set(tape.news.headline)) > 700


def test_more_headlines_than_a_market_can_bear_are_refused_with_what_to_do():
    with pytest.raises(InputError, match="1,000 headlines in 5 sessions make the prices explode; use fewer"):
        synthesize(Market(sessions=5, headlines=1000))
