"""Which prior a replay has, what it says of it, and what a few days can be replayed with."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_MINUTE
from newsvol.engine.errors import InputError
from newsvol.engine.hashes import input_hash
from newsvol.replays.evaluation.volatility.evaluation import Request, evaluate
from newsvol.replays.evaluation.volatility.sweep import Grid, sweep
from newsvol.replays.replay import replay
from newsvol.replays.report.evaluation.page import render_page
from newsvol.replays.report.evaluation.verdicts import source_sentences
from newsvol.replays.report.wording import source_notices, source_warnings
from newsvol.replays.runs.schema import ForecastPart
from newsvol.replays.simulation.prior import (
    choose_prior,
    describe_prior,
    measure_tape,
    prior_notes,
    recipe_prior,
)
from newsvol.replays.simulation.recipe import Recipe, load_recipe
from newsvol.replays.simulation.session import build_forecaster
from newsvol.replays.tapes.synth import Market, synthetic_tape
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.panel import PanelTape, fit_prior
from newsvol.signals.volatility.prior import read_prior, us_prior

SHIPPED = read_prior(us_prior())


def real(tape: Tape) -> Tape:
    """The same, said to come from files."""
    return replace(tape, info=replace(tape.info, origin={}))


@pytest.fixture(scope="module")
def few() -> Tape:
    """Five sessions of 2023, said to be real."""
    return real(synthetic_tape(Market(sessions=5, headlines=20)))


def moved_on(tape: Tape, years: int) -> Tape:
    """The same minutes, so many times 364 days later; the calendar is not asked."""
    by_ns = years * 364 * 86_400_000_000_000
    bars = replace(tape.bars, open_ns=tape.bars.open_ns + by_ns, close_ns=tape.bars.close_ns + by_ns)
    sessions = replace(
        tape.sessions, open_ns=tape.sessions.open_ns + by_ns, close_ns=tape.sessions.close_ns + by_ns
    )
    return replace(tape, bars=bars, sessions=sessions, news=tape.news.take(slice(0)))


def recipe_of(**changes: Any) -> Recipe:
    shown = {f"volatility.{key}": value for key, value in changes.items()}
    return load_recipe(changes={"latency.model": "zero", **shown})


def test_a_short_us_tape_has_the_shipped_prior(few: Tape) -> None:
    chosen = choose_prior(recipe_of(), few).volatility
    assert chosen.prior == "us"
    assert chosen.prior_hash == input_hash(us_prior(), "prior")
    assert recipe_prior(choose_prior(recipe_of(), few)) is not None
    assert choose_prior(recipe_of(prior="none"), few).volatility.prior == "none"
    assert recipe_prior(recipe_of()) is None
    # what takes none is left as it is
    assert choose_prior(recipe_of(forecaster="har"), few) == recipe_of(forecaster="har")


def test_a_long_tape_has_it_only_where_it_is_no_hindsight() -> None:
    long = real(synthetic_tape(Market(sessions=230, headlines=0)))
    assert long.days()[0] < SHIPPED.last
    assert choose_prior(recipe_of(), long).volatility.prior == "none"
    later = moved_on(long, 3)
    assert later.days()[0] > SHIPPED.last
    assert choose_prior(recipe_of(), later).volatility.prior == "us"
    # half of the tape gone by before the first forecast is too much
    assert choose_prior(recipe_of(min_window=600), long).volatility.prior == "us"
    # and what is forecast counts, not what is learnt from
    spanned = recipe_of().with_changes(changes={"span": {"first": SHIPPED.last + timedelta(days=1)}})
    assert choose_prior(spanned, long).volatility.prior == "us"


@pytest.mark.parametrize("calendar", ["XLON", "24/7", "XTSE"])
def test_other_countries_and_made_up_markets_have_none(few: Tape, calendar: str) -> None:
    abroad = replace(few, info=replace(few.info, calendar=calendar))
    assert choose_prior(recipe_of(), abroad).volatility.prior == "none"
    made_up = replace(few, info=replace(few.info, origin={"synthetic": True}))
    assert choose_prior(recipe_of(), made_up).volatility.prior == "none"


def test_a_prior_that_is_not_the_one_that_was_named_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(SHIPPED.to_json())
    named = recipe_of(prior=str(file)).volatility
    assert named.prior_hash == input_hash(file, "prior")
    file.write_text(replace(SHIPPED, smearing=1.5).to_json())
    with pytest.raises(InputError, match="not the file that the recipe names"):
        recipe_of(prior=str(file), prior_hash=named.prior_hash)
    prior = recipe_prior(recipe_of(prior=str(file)))
    assert prior is not None
    assert prior.smearing == 1.5


def test_what_cannot_be_a_prior_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the prior in .*gone\.json"):
        recipe_of(prior=str(tmp_path / "gone.json"))
    with pytest.raises(InputError, match=r"forecaster 'har-qlike' takes none; those that do: log-har-p,"):
        recipe_of(prior="us", forecaster="har-qlike")


def test_the_recipe_hash_is_of_what_the_prior_holds(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_bytes(us_prior().read_bytes())
    assert recipe_of(prior=str(file)).recipe_hash() == recipe_of(prior="us").recipe_hash()
    assert recipe_of(prior="us").recipe_hash() != recipe_of(prior="none").recipe_hash()
    assert "prior" not in recipe_of().to_yaml()


def forecasts_of(tape: Tape, recipe: Recipe, folder: Path) -> ForecastPart:
    return replay(tape, recipe, folder).metrics.forecast


def test_five_sessions_are_replayed_and_say_how_much_is_prior(few: Tape, tmp_path: Path) -> None:
    run = replay(few, recipe_of(), tmp_path / "run")
    found = run.metrics.forecast.prior
    assert found is not None
    assert (found.source, found.last, found.hindsight) == ("us", SHIPPED.last, True)
    assert found.share_first == pytest.approx(50 / 70)
    assert found.share_first > found.share_mean > found.share_last > 0.5
    traded = run.forecasts["f:fused"].notna()
    assert traded.sum() == 14
    assert run.forecasts.loc[traded, "w:prior"].mean() == pytest.approx(found.share_mean)
    told = source_notices(run.metrics.forecast)
    assert told == [
        "PRIOR: us, fitted on MU, NTAP, PSTG, QQQ, SMCI, SMH, SPY, STX, WDC up to 2025-12-18; of what the "
        "regressions are fitted on 66% is prior (71% at first, 60% at last)"
    ]
    assert source_warnings(run.metrics.forecast)[0].startswith("HINDSIGHT: the prior us was fitted on data")
    page = (tmp_path / "run" / "report.html").read_text()
    assert "HINDSIGHT: the prior us" in page


def test_after_its_last_day_a_prior_is_no_hindsight(few: Tape, tmp_path: Path) -> None:
    later = moved_on(few, 3)
    found = forecasts_of(later, recipe_of(), tmp_path / "run")
    assert found.prior is not None
    assert not found.prior.hindsight
    assert source_warnings(found) == []


def test_without_one_a_short_tape_is_refused_as_before(few: Tape, tmp_path: Path) -> None:
    told = r"too short: 'log-har-p' makes no .* \(now 500 buckets\), or give it a prior"
    with pytest.raises(InputError, match=told):
        replay(few, recipe_of(prior="none"), tmp_path / "run")


def test_what_helps_a_short_tape_is_said_for_each_case(few: Tape, tmp_path: Path) -> None:
    three = few.until(few.days()[0] + timedelta(days=2))
    with pytest.raises(InputError, match="with a prior the first forecast is that of the fourth session"):
        replay(three, recipe_of(), tmp_path / "three")
    with pytest.raises(InputError, match="or a forecaster that takes a prior, as log-har-p does"):
        replay(few, recipe_of(forecaster="har"), tmp_path / "levels")


def test_measured_and_by_rule_a_few_days_are_traded_alike(few: Tape, tmp_path: Path) -> None:
    measured = replay(few, recipe_of(**{"forecaster": "aggregate"}).with_changes("measured"), tmp_path / "a")
    ruled = replay(few, recipe_of(**{"forecaster": "aggregate"}), tmp_path / "b")
    for run in (measured, ruled):
        assert run.metrics.forecast.prior is not None
    np.testing.assert_array_equal(measured.forecasts["f:aggregate"], ruled.forecasts["f:aggregate"])


def test_history_and_forecaster_have_the_same_prior(few: Tape) -> None:
    recipe = choose_prior(recipe_of(), few)
    history = measure_tape(few, recipe)
    assert history.prior is recipe_prior(recipe)
    assert np.isfinite(history.diurnal).all()
    assert np.isfinite(history.night_share).all()
    assert measure_tape(few, recipe_of()).prior is None


def test_ten_sessions_are_evaluated_against_a_naive_forecast() -> None:
    ten = real(synthetic_tape(Market(sessions=10, headlines=0)))
    found = evaluate(ten, recipe_of(), None, Request(shuffles=2))
    assert found.span.rule == "from the fourth session on"
    assert found.rows.sum() == 49
    assert found.board.baseline == "diurnal-ewma"
    assert "har" in found.lineup.left_out
    assert found.board.models["diurnal-ewma"].vs_har_pct == 0
    content = found.as_json()
    assert content["baseline_har"] == "diurnal-ewma"
    assert content["prior"]["hindsight"] is True
    assert content["events"] == {"CPI": 1, "FOMC": 0, "NFP": 0}
    told = source_sentences(found)
    assert told[0] == "Scheduled events in the test span, for those that use them: 1 CPI, 0 FOMC, 0 NFP"
    assert told[1].startswith("Prior, shown for log-har-p: us, fitted on MU")
    assert told[2].startswith("HINDSIGHT")
    assert found.coverage is not None
    assert content["coverage"]["buckets"] == 29
    page = render_page(found)
    assert "The 90% band around log-har-p held" in page
    assert "against diurnal-ewma" in page
    assert "HINDSIGHT" in page


def test_a_day_before_the_prior_ends_is_hindsight_and_the_day_after_is_not(few: Tape, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    begins = few.days()[0]
    for last, hindsight in ((begins, True), (begins - timedelta(days=1), False)):
        member = replace(SHIPPED.members[0], last=last, first=date(2020, 1, 2))
        file.write_text(replace(SHIPPED, members=(member,)).to_json())
        found = forecasts_of(few, recipe_of(prior=str(file)), tmp_path / f"run-{hindsight}")
        assert found.prior is not None
        assert (found.prior.hindsight, found.prior.source) == (hindsight, "mine.json")


def test_the_first_day_that_is_scored_decides_and_not_the_recipes(few: Tape) -> None:
    ten = real(synthetic_tape(Market(sessions=10, headlines=0)))
    spanned = recipe_of().with_changes(changes={"span": {"first": date(2030, 1, 1)}})
    found = evaluate(ten, spanned, None, Request(first=ten.days()[0], shuffles=2))
    assert found.prior is not None
    assert found.prior.hindsight
    share = build_forecaster(found.recipe).prior_share(found.history)  # type: ignore[attr-defined]
    assert found.prior.share_mean == pytest.approx(share[found.rows].mean())
    assert found.prior.share_first == share[found.rows][0]


def test_a_sweep_says_what_its_forecasts_were_shrunk_towards() -> None:
    tape = real(synthetic_tape(Market(sessions=40, headlines=0)))
    result = sweep(tape, recipe_of(), None, Request(), Grid(windows=(300, 1000)))
    assert result.baseline == "diurnal-ewma"
    assert result.prior is not None
    assert result.prior.hindsight
    assert result.as_json()["prior"]["source"] == "us"
    # trials have the curve that the test has
    assert len({trial.qlike for trial in result.trials}) == 1
    alone = sweep(tape, recipe_of(prior="us"), None, Request(), Grid(windows=(300, 1000)))
    assert alone.trials == result.trials


def test_the_shipped_prior_serves_sessions_of_its_own_length_in_minutes(few: Tape) -> None:
    futures = replace(few, info=replace(few.info, calendar="CMES"))
    longer = replace(futures.sessions, close_ns=futures.sessions.close_ns + 60 * NS_PER_MINUTE)
    for tape in (
        replace(futures, sessions=longer),
        replace(few, info=replace(few.info, bar_ns=60 * NS_PER_MINUTE)),
    ):
        assert choose_prior(recipe_of(), tape).volatility.prior == "none"


def panel_of(tape: Tape) -> PanelTape:
    return PanelTape("A", tape.days(), tape.content_hash(), tape.bars, tape.sessions)


def test_a_prior_of_this_very_tape_is_hindsight_whatever_it_says_of_days(few: Tape, tmp_path: Path) -> None:
    own = real(synthetic_tape(Market(sessions=40, headlines=0)))
    cut = own.until(own.days()[0] + timedelta(days=30))
    for fitted_on in (own, cut):
        panel = [
            PanelTape("A", fitted_on.days(), fitted_on.content_hash(), fitted_on.bars, fitted_on.sessions)
        ]
        prior = fit_prior(panel)
        file = tmp_path / "own.json"
        file.write_text(prior.to_json())
        found = describe_prior(recipe_of(prior=str(file)), own, np.ones(3))
        assert found is not None
        assert found["of_this_tape"]
        assert found["hindsight"]
        notes = prior_notes(recipe_of(prior=str(file)), own)
        assert notes[0].endswith("it was fitted on this very tape")
    lying = fit_prior([panel_of(own)])
    lying = replace(lying, members=(replace(lying.members[0], last=date(2001, 1, 1)),))
    file.write_text(lying.to_json())
    found = describe_prior(recipe_of(prior=str(file)), own, np.ones(3))
    assert found is not None
    assert found["hindsight"]
    assert prior_notes(recipe_of(prior="none"), own) == []


def test_how_short_is_short_goes_by_the_recipes_warm_up() -> None:
    tape = real(synthetic_tape(Market(sessions=230, headlines=0)))
    # twice 154 + 70 + min_window buckets, of 1,610
    assert choose_prior(recipe_of(min_window=581), tape).volatility.prior == "none"
    assert choose_prior(recipe_of(min_window=582), tape).volatility.prior == "us"
