"""The evaluation scores every model on the same buckets, out of sample, and says what it left out."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR, FloatArray
from newsvol.engine.errors import InputError, TapeError
from newsvol.engine.frames import NewsFrame
from newsvol.engine.latency import parse_latency
from newsvol.replays.evaluation.volatility.evaluation import Evaluation, Request, evaluate
from newsvol.replays.report.evaluation.folder import write_evaluation
from newsvol.replays.report.evaluation.page import render_page
from newsvol.replays.report.evaluation.verdicts import model_verdicts, span_sentence
from newsvol.replays.simulation.audit import perturb
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.service_times import rule_times
from newsvol.replays.simulation.session import Scope, model_ticks, run_session
from newsvol.replays.tapes.synth import Market, synthesize
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.losses import forecast_losses
from newsvol.signals.volatility.naive import NAIVE
from newsvol.signals.volatility.schedule import Schedule

MODELS = ("har", "log-har-p", "log-har-p-leverage")


def schedule_of(tape: Tape) -> Schedule:
    """An event every thirty sessions, four and a half hours after the open: where the market planted it."""
    stamps = tape.sessions.open_ns[29::30] + int(4.5 * NS_PER_HOUR)
    return Schedule(np.full(len(stamps), "FOMC", dtype=object), stamps)


def request_of(**changes: object) -> Request:
    return replace(Request(forecasters=MODELS, shuffles=3), **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def found(planted: tuple[Tape, FloatArray], recipe: Recipe) -> Evaluation:
    tape, probs = planted
    return evaluate(tape, recipe, probs, request_of(schedule=schedule_of(tape)))


def test_the_test_span_is_the_last_third(found: Evaluation) -> None:
    buckets = len(found.history.buckets)
    assert np.flatnonzero(found.rows)[0] == buckets - buckets // 3
    assert found.rows.sum() == buckets // 3
    assert "the last third" in span_sentence(found)


def test_naive_forecasts_come_first_and_news_last(found: Evaluation) -> None:
    assert list(found.board.models) == [*NAIVE, *MODELS, "fused:log_linear", "fused:weighted_sum"]


def test_losses_are_those_of_the_signals(found: Evaluation) -> None:
    realized = found.history.measures.rv[found.rows]
    for name, score in found.board.models.items():
        plain = forecast_losses(realized, found.lineup.variance[name][found.rows])
        assert {key: getattr(score, key) for key in plain} == plain
        assert score.excess_qlike == pytest.approx(plain["qlike"] - found.board.noise_floor)


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


def test_a_model_against_itself_has_no_test(found: Evaluation) -> None:
    assert np.isnan(found.board.models["har"].dm_har.t)
    assert np.isnan(found.board.models[found.board.best_naive].dm_best.t)


def test_what_was_planted_is_found(found: Evaluation) -> None:
    models = found.board.models
    assert found.board.best == "fused:log_linear"
    assert models["fused:log_linear"].in_set
    assert models["log-har-p"].dm_har.t > 2
    assert not models["diurnal"].in_set
    said = model_verdicts(found)
    assert any(line.startswith("log-har-p beats har by") for line in said)


@pytest.mark.parametrize("cut", ["time of day", "month", "event day", "news hour"])
def test_the_groups_of_a_cut_add_up_to_the_whole(found: Evaluation, cut: str) -> None:
    rows = [row for row in found.cuts if row.cut == cut]
    assert len(rows) > 1
    assert sum(row.buckets for row in rows) == found.rows.sum()
    for name, score in found.board.models.items():
        total = sum(row.buckets * row.qlike[name] for row in rows)
        assert total / found.rows.sum() == pytest.approx(score.qlike)


def test_the_time_of_day_is_that_of_the_exchange(found: Evaluation) -> None:
    groups = [row.group for row in found.cuts if row.cut == "time of day"]
    assert groups == ["09:30", "10:30", "11:30", "12:30", "13:30", "14:30", "15:30"]


def test_an_event_day_is_the_whole_session(found: Evaluation) -> None:
    events = next(row for row in found.cuts if row.group == "event day")
    session = found.history.buckets.session[found.rows]
    assert events.buckets == np.sum(session % 30 == 29)


def test_a_forecaster_that_needs_a_schedule_says_so(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    tape, _ = planted
    named = request_of(forecasters=("log-har-p-events",))
    with pytest.raises(InputError, match="'log-har-p-events' cannot be compared: it needs scheduled events"):
        evaluate(tape, recipe, None, named)
    found = evaluate(tape, recipe, None, replace(named, schedule=schedule_of(tape)))
    assert found.board.models["log-har-p-events"].qlike < found.board.models["log-har-p"].qlike


def test_no_forecast_of_the_span_knows_what_comes_later(
    planted: tuple[Tape, FloatArray], recipe: Recipe, found: Evaluation
) -> None:
    tape, probs = planted
    middle = int(np.flatnonzero(found.rows)[200])
    moment_ns = int(found.history.buckets.open_ns[middle])
    changed, changed_probs = perturb(tape, probs, moment_ns, "randomise", np.random.default_rng(1))
    again = evaluate(changed, recipe, changed_probs, request_of(shuffles=0))
    for name, variance in found.lineup.variance.items():
        assert np.array_equal(
            variance[: middle + 1], again.lineup.variance[name][: middle + 1], equal_nan=True
        )


def test_days_choose_the_span(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    tape, probs = planted
    chosen = request_of(first=date(2023, 9, 5), last=date(2023, 10, 31), shuffles=1)
    found = evaluate(tape, recipe, probs, chosen)
    days = found.history.buckets.open_ns[found.rows].astype("datetime64[ns]").astype("datetime64[D]")
    assert (str(days.min()), str(days.max())) == ("2023-09-05", "2023-10-31")
    assert found.span.rule == "from 2023-09-05 to 2023-10-31"


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


def test_a_forecaster_that_does_not_exist_is_refused_with_the_nearest(
    planted: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    with pytest.raises(InputError, match="unknown forecaster 'log-har'; did you mean 'log-har-p'"):
        evaluate(planted[0], recipe, None, request_of(forecasters=("log-har",)))


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ({"first": date(2030, 1, 1)}, "--from 2030-01-01 is after the tape's last day, 2023-12-29"),
        ({"last": date(2020, 1, 1)}, "--to 2020-01-01 is before the tape's first day, 2023-01-03"),
        ({"first": date(2023, 9, 5), "last": date(2023, 9, 1)}, "--to 2023-09-01 is before --from"),
        ({"first": date(2023, 9, 2), "last": date(2023, 9, 4)}, "no session from 2023-09-02 to 2023-09-04"),
        ({"first": date(2023, 12, 28)}, "has 14 buckets with forecasts, the tests need 50"),
        ({"first": date(2023, 1, 3), "last": date(2023, 4, 1)}, "too short: no HAR forecast"),
    ],
)
def test_days_that_leave_nothing_are_refused(
    planted: tuple[Tape, FloatArray], recipe: Recipe, days: dict[str, date], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        evaluate(planted[0], recipe, None, request_of(**days))


def test_a_recipe_may_trade_a_naive_forecast(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    naive = recipe.model_copy(
        update={"volatility": recipe.volatility.model_copy(update={"forecaster": "diurnal-ewma"})}
    )
    found = evaluate(*planted[:1], naive, planted[1], request_of(forecasters=("har",), shuffles=1))
    assert list(found.board.models) == [*NAIVE, "har", "fused:log_linear", "fused:weighted_sum"]
    assert found.news is not None
    assert found.news.base == "diurnal-ewma"
    assert render_page(found)


def test_a_tape_that_is_too_short_says_what_it_has(recipe: Recipe) -> None:
    tape, _ = synthesize(Market(sessions=60, headlines=5))
    with pytest.raises(TapeError, match=r"min_window 500 .* the tape has 420 buckets in all"):
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


def test_the_folder_holds_every_scored_forecast(found: Evaluation, tmp_path: Path) -> None:
    write_evaluation(found, tmp_path / "out")
    table = pq.read_table(tmp_path / "out" / "forecasts.parquet")
    assert table.num_rows == found.rows.sum()
    assert [name for name in table.column_names if name.startswith("f:")] == [
        f"f:{name}" for name in found.board.models
    ]
    content = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert content == found.as_json()
    page = (tmp_path / "out" / "evaluation.html").read_text(encoding="utf-8")
    assert page == render_page(found)
    for name, score in found.board.models.items():
        assert name in page
        assert f"{score.qlike:.4f}" in page
    assert "made up" in page
