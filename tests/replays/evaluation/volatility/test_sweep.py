"""The sweep chooses on the validation span, and nothing of the test span reaches the choice."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError
from newsvol.replays.audit.perturbation import PERTURBATIONS, Perturbation, perturb
from newsvol.replays.evaluation.volatility.evaluation import Evaluation, Request, evaluate
from newsvol.replays.evaluation.volatility.sweep import Grid, SweepResult, sweep
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.tapes.synth import Market, synthesize
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.buckets import cut_sessions

GRID = Grid(windows=(300, 1000), ridges=(30.0, 300.0), half_lives_hours=((1.0, 4.0), (24.0,)))


@pytest.fixture(scope="module")
def result(planted: tuple[Tape, FloatArray], recipe: Recipe) -> SweepResult:
    return sweep(*planted[:1], recipe, planted[1], grid=GRID)


def test_every_trial_is_counted(result: SweepResult) -> None:
    # two windows, each alone and with 2 x 2 versions of the news
    assert len(result.trials) == 2 * (1 + 4)
    assert result.as_json()["trials"] == len(result.as_json()["tried"]) == 10
    assert len({trial.settings for trial in result.trials}) == 10


def test_the_best_on_the_validation_span_is_chosen(result: SweepResult) -> None:
    assert result.chosen.qlike == min(trial.qlike for trial in result.trials)
    assert result.chosen.settings.half_lives_hours == (1.0, 4.0)


@pytest.mark.parametrize("how", PERTURBATIONS)
def test_changing_the_test_span_changes_no_trial(
    planted: tuple[Tape, FloatArray], recipe: Recipe, result: SweepResult, how: Perturbation
) -> None:
    tape, probs = planted
    begins_ns = int(cut_sessions(tape.sessions).open_ns[result.span.first])
    changed, changed_probs = perturb(tape, probs, begins_ns, how, np.random.default_rng(2))
    if how == "delete":
        with pytest.raises(InputError, match="test span has 0 buckets"):
            sweep(changed, recipe, changed_probs, grid=GRID)
        return
    again = sweep(changed, recipe, changed_probs, grid=GRID)
    assert again.trials == result.trials
    assert again.chosen == result.chosen
    assert again.test != result.test


def test_the_chosen_settings_score_on_the_test_span_what_an_evaluation_gives_them(
    planted: tuple[Tape, FloatArray], recipe: Recipe, result: SweepResult
) -> None:
    tape, probs = planted
    chosen = result.chosen.settings.applied_to(recipe)
    found: Evaluation = evaluate(tape, chosen, probs, Request(forecasters=("log-har-p",), shuffles=0))
    assert result.test["qlike"] == pytest.approx(found.board.models["fused:log_linear"].qlike, rel=1e-12)
    assert result.test_buckets == found.rows.sum()


def test_the_validation_span_lies_just_before_the_test_span(result: SweepResult) -> None:
    assert result.validation_buckets <= result.span.first
    assert result.validation_buckets <= result.span.end - result.span.first


def test_without_news_only_windows_are_tried(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    result = sweep(planted[0], recipe, None, grid=GRID)
    assert [trial.settings.window for trial in result.trials] == [300, 1000]
    assert all(trial.settings.ridge is None for trial in result.trials)


def test_progress_reaches_every_trial(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    seen: list[tuple[str, int, int]] = []
    result = sweep(planted[0], recipe, planted[1], grid=GRID, on_progress=lambda *stage: seen.append(stage))
    assert seen[-1] == ("Trying settings", len(result.trials), len(result.trials))


def test_the_json_is_json(result: SweepResult) -> None:
    assert json.loads(json.dumps(result.as_json(), allow_nan=False))["chosen"]["forecaster"] == "log-har-p"


def test_bad_grids_and_short_tapes_are_refused(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    with pytest.raises(InputError, match="a sweep needs a window"):
        Grid(windows=())
    with pytest.raises(InputError, match="above zero"):
        Grid(ridges=(0.0,))
    with pytest.raises(InputError, match="unknown forecaster 'harp'; did you mean 'har-p'"):
        sweep(planted[0], recipe, None, Request(forecasters=("harp",)))
    with pytest.raises(InputError, match="validation span has 0 buckets with forecasts"):
        sweep(planted[0], recipe, planted[1], Request(first=date(2023, 1, 3)), grid=GRID)
    tape, _ = synthesize(replace(Market(), sessions=100, headlines=5))
    with pytest.raises(InputError, match="validation span has 0 buckets with forecasts"):
        sweep(tape, recipe, None)
