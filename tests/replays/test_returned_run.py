"""A replay from a notebook: the run that it returns, its tables, its portfolios, its span."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import RunError, TapeError, UnknownNameError
from newsvol.replays.replay import replay
from newsvol.replays.runs.reader import Run, load_run
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.tapes.tape import Tape

FIRST, LAST = date(2023, 9, 5), date(2023, 11, 17)


class Reader:
    """Gives each headline the probabilities that were planted for it."""

    name, model_hash, device = "reader", "sha256:reader", "cpu"

    def __init__(self, tape: Tape, probs: FloatArray) -> None:
        self._known = dict(zip(tape.news.headline, probs, strict=True))

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        return np.array([self._known[text] for text in texts]).reshape(-1, 3)


Replay = Callable[..., Run]


@pytest.fixture(scope="module")
def replay_planted(planted: tuple[Tape, FloatArray]) -> Replay:
    tape, probs = planted
    reader = Reader(tape, probs)

    def run(recipe: Recipe, out: Path | None = None) -> Run:
        return replay(tape, recipe, out, load=lambda _model, _device: reader)

    return run


@pytest.fixture(scope="module")
def run(replay_planted: Replay, recipe: Recipe) -> Run:
    return replay_planted(recipe)


def test_a_run_that_is_not_kept_goes_with_its_object(replay_planted: Replay, recipe: Recipe) -> None:
    run = replay_planted(recipe)
    folder = run.folder
    assert (folder / "report.html").is_file()
    del run
    assert not folder.exists()


def test_tables_are_frames_in_the_order_of_time(run: Run) -> None:
    for frame in (run.forecasts, run.scores, run.equity):
        assert isinstance(frame.index, pd.DatetimeIndex)
        assert str(frame.index.tz) == "UTC"
        assert frame.index.is_monotonic_increasing
    assert {"f:fused", "f:log-har-p", "rv"} <= set(run.forecasts)
    assert set(run.orders["strategy"]) == set(run.metrics.strategies)
    assert set(run.ledger["strategy"]) == set(run.metrics.strategies)


def test_a_portfolio_is_the_one_whose_equity_was_recorded(run: Run, planted: tuple[Tape, FloatArray]) -> None:
    value = run.portfolio("vol_target").value()
    assert value.iloc[-1] == pytest.approx(run.equity["vol_target"].iloc[-1], rel=1e-12)


def test_a_run_read_from_its_folder_trades_its_orders_again(
    run: Run, planted: tuple[Tape, FloatArray]
) -> None:
    read = load_run(run.folder)
    for fill in ("bridge", "worst"):
        again = read.portfolio("breakout", fill, tape=planted[0])
        np.testing.assert_allclose(again.value(), run.portfolio("breakout", fill).value(), rtol=1e-9)
        assert len(again.order_records) == len(run.portfolio("breakout", fill).order_records)


def test_a_portfolio_needs_its_own_tape_and_known_names(run: Run, planted: tuple[Tape, FloatArray]) -> None:
    read = load_run(run.folder)
    with pytest.raises(RunError, match="holds no bars; give its tape"):
        read.portfolio("breakout")
    with pytest.raises(RunError, match="is of another tape"):
        read.portfolio("breakout", tape=planted[0].until(LAST))
    with pytest.raises(UnknownNameError, match="did you mean 'breakout'"):
        run.portfolio("brakeout")
    with pytest.raises(UnknownNameError, match="did you mean 'worst'"):
        run.portfolio("breakout", "worts")


def test_what_is_no_tape_or_recipe_is_told_what_to_give(planted: tuple[Tape, FloatArray]) -> None:
    with pytest.raises(TypeError, match=r"tape is 'tapes/spy'; give a Tape, as newsvol\.load_tape"):
        replay("tapes/spy")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"recipe is \{\}; give a Recipe, as newsvol\.load_recipe"):
        replay(planted[0], {})  # type: ignore[arg-type]


def test_a_run_shows_itself_in_a_notebook(run: Run) -> None:
    page = run._repr_html_()
    assert "vol_target" in page
    assert "diurnal-ewma" in page


def test_a_run_of_a_span_read_from_its_folder_holds_nothing_after_it(
    replay_planted: Replay, recipe: Recipe, planted: tuple[Tape, FloatArray], tmp_path: Path
) -> None:
    fresh = replay_planted(recipe.with_changes(changes={"span.last": LAST}), tmp_path / "run")
    read = load_run(tmp_path / "run")
    for strategy in ("buy_and_hold", "vol_target"):
        again = read.portfolio(strategy, tape=planted[0])
        np.testing.assert_allclose(again.value(), fresh.portfolio(strategy).value(), rtol=1e-9)


def test_a_span_is_forecast_and_traded_and_nothing_outside_it(
    replay_planted: Replay, recipe: Recipe, run: Run
) -> None:
    spanned = replay_planted(recipe.with_changes(changes={"span.first": FIRST, "span.last": LAST}))
    traded = spanned.forecasts["f:fused"].dropna().index.tz_convert("America/New_York")
    assert (traded[0].date(), traded[-1].date()) == (FIRST, LAST)
    filled = spanned.orders.index.tz_convert("America/New_York")
    assert filled.min().date() >= FIRST
    assert filled.max().date() <= LAST
    assert spanned.forecasts.index[-1].date() <= LAST + timedelta(days=1)
    assert spanned.manifest.tape_hash == run.manifest.tape_hash
    counted = spanned.metrics.span
    assert pd.Timestamp(counted.first_ns, tz="UTC").tz_convert("America/New_York").date() == FIRST
    assert counted.sessions == 54  # Thanksgiving comes later, and no holiday between
    assert counted.bars == 54 * 390
    assert spanned.manifest.recipe_hash != run.manifest.recipe_hash


def test_forecasts_inside_a_span_are_those_of_the_whole_tape(
    replay_planted: Replay, recipe: Recipe, run: Run
) -> None:
    spanned = replay_planted(recipe.with_changes(changes={"span.first": FIRST, "span.last": LAST}))
    ours = spanned.forecasts["f:fused"].dropna()
    assert ours.tolist() == run.forecasts.loc[ours.index, "f:fused"].tolist()


@pytest.mark.parametrize(
    ("key", "day", "words"),
    [
        ("span.first", date(2030, 1, 1), "starts on 2030-01-01, after the tape's last day"),
        ("span.last", date(2000, 1, 3), "ends on 2000-01-03, before the tape's first day"),
        ("span", {"first": date(2023, 9, 2), "last": date(2023, 9, 4)}, "no session from 2023-09-02 to"),
    ],
)
def test_a_span_beyond_the_tape_is_refused(
    replay_planted: Replay, recipe: Recipe, key: str, day: date, words: str
) -> None:
    with pytest.raises(TapeError, match=words):
        replay_planted(recipe.with_changes(changes={key: day}))
