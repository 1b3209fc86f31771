"""The verdict, with interpreters that say what a test has them say."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_HOUR, FloatArray
from newsvol.engine.errors import InputError, TapeError
from newsvol.replays.audit.audit import Request, _Audit
from newsvol.replays.audit.finding import Finding
from newsvol.replays.audit.observation import Observation, Series
from newsvol.replays.audit.passes import fills_of
from newsvol.replays.audit.perturbation import YEARS_NS
from newsvol.replays.audit.processes import Outcome
from newsvol.replays.simulation.recipe import Recipe, load_recipe
from newsvol.replays.tapes.tape import Tape

Answer = Callable[[dict[str, Any]], Observation | Outcome]
STRATEGY, FORECASTER, FUSED = "strategy mine", "forecaster mine", "fused forecast"


@pytest.fixture(scope="module")
def small(planted: tuple[Tape, FloatArray]) -> Tape:
    """The first fifty days of the planted market."""
    return planted[0].until(planted[0].days()[0] + timedelta(days=50))


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """The shipped recipe without latency, and one strategy."""
    return load_recipe(changes={"latency.model": "zero", "strategies": [{"name": "vol_target"}]})


class Interpreter:
    """Says what it is given to say, and remembers what it was asked."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers, self.asked = answers, []

    def run(self, job: dict[str, Any], on_progress: Any = None) -> Outcome:
        """Do a job."""
        self.asked.append(job)
        if on_progress is not None and job["kind"] == "live":
            on_progress(1, 1)
        said = self.answers[job["kind"]](job)
        if isinstance(said, Outcome):
            return said
        said.save(Path(job["out"]))
        return Outcome({})

    def close(self) -> None:
        """Nothing has to end."""


class Stage:
    """An audit whose passes agree, until a test has one of them say something else."""

    def __init__(self, tape: Tape, recipe: Recipe, scratch: Path, moments: int = 8) -> None:
        self.tape, self.recipe, self.scratch, self.moments = tape, recipe, scratch, moments
        stamps = tape.sessions.open_ns[10:] + NS_PER_HOUR
        self.stamps, rows = stamps, len(stamps)
        weight = np.where(np.arange(rows) % 2, 0.5, 0.1)
        self.base = {
            (FORECASTER, "variance"): np.full(rows, 1e-5),
            (FUSED, "variance"): np.full(rows, 2e-5),
            (STRATEGY, "weight"): weight,
            (STRATEGY, "order"): np.ones(rows),
            ("history", "rv"): np.full(rows, 1e-5),
        }
        self.facts = {STRATEGY: {"lookback": 3, "rows": rows, "of": rows}}
        self.answers: dict[str, Answer] = {
            "live": lambda _job: self.says(facts=True),
            "columns": self.columns,
            "perturbed": lambda _job: self.says(),
            "years": lambda _job: self.says(shift_ns=YEARS_NS),
            "ask": lambda _job: Outcome({"short": 1.0, "whole": 1.0}),
        }
        self.progress: list[tuple[str, int, int]] = []

    def says(
        self,
        changes: dict[tuple[str, str], dict[int, float]] | None = None,
        acts: tuple[tuple[str, str], ...] = (),
        shift_ns: int = 0,
        facts: bool = False,
    ) -> Observation:
        """Return what all say, with other numbers in some rows."""
        series = []
        for key, values in self.base.items():
            said = values.copy()
            for row, value in (changes or {}).get(key, {}).items():
                said[row] = value
            exact = key[0] in (FUSED, "history")
            series.append(Series(*key, self.stamps + shift_ns, said, exact))
        return Observation(tuple(series), acts, self.facts if facts else {})

    def columns(self, job: dict[str, Any], **changes: Any) -> Observation:
        """Return the columns; those of its own forecasts are written beside, with the fills of the orders."""
        own = self.says()
        fills = fills_of(self.tape, self.recipe, own.of(STRATEGY, "weight"))
        Observation((*own.series, *fills)).save(Path(job["own"]))
        return self.says(**changes)

    def run(self) -> list[Finding]:
        """Return what is found."""
        self.workers = [Interpreter(self.answers), Interpreter(self.answers)]
        on_progress = lambda *told: self.progress.append(told)  # noqa: E731
        request = Request({}, moments=self.moments)
        audit = _Audit(self.tape, self.recipe, request, self.scratch, self.workers, on_progress)  # type: ignore[arg-type]
        self.report = audit.run()
        return list(self.report.findings)


@pytest.fixture
def stage(small: Tape, recipe: Recipe, tmp_path: Path) -> Stage:
    return Stage(small, recipe, tmp_path)


def test_passes_that_agree_are_no_finding_and_are_counted(stage: Stage) -> None:
    assert stage.run() == []
    report, rows = stage.report, len(stage.stamps)
    assert report.parts == ("log-har-p", "fused", "vol_target")
    assert (report.moments, report.rows) == (8, 3 * rows)
    assert (report.first_ns, report.last_ns) == (stage.stamps[0], stage.stamps[-1])
    assert report.notes == ()
    first, second = ([job["kind"] for job in worker.asked] for worker in stage.workers)
    assert first[:2] == ["live", "years"]
    assert second[0] == "columns"
    assert sorted((*first[2:], *second[1:])) == ["perturbed"] * 8
    changed = [told for told in stage.progress if told[0] == "Changing the future"]
    assert changed == [("Changing the future", done, 8) for done in range(1, 9)]
    assert ("Live pass", 1, 1) in stage.progress
    assert [told for told in stage.progress if told[0] == "Columns"] == [("Columns", 0, 1), ("Columns", 1, 1)]


def test_every_way_of_changing_everything_comes_before_bars_and_news_alone(stage: Stage) -> None:
    stage.moments = 14
    stage.run()
    jobs = sorted(
        (job for worker in stage.workers for job in worker.asked if job["kind"] == "perturbed"),
        key=lambda job: int(Path(job["out"]).stem.removeprefix("future")),
    )
    assert [(job["how"], job["what"]) for job in jobs[:9:4]] == [
        ("redraw", "bars and news"),
        ("redraw", "bars"),
        ("redraw", "news"),
    ]
    assert [job["how"] for job in jobs[:4]] == ["redraw", "delete", "blank", "shift"]
    assert (jobs[12]["how"], jobs[12]["what"]) == ("redraw", "bars and news")
    assert {job["seed"] for job in jobs} == {7}
    assert all(stage.stamps[0] <= job["moment_ns"] < stage.tape.bars.close_ns[-1] for job in jobs)
    assert not list(stage.scratch.glob("future*"))


def test_a_row_that_differs_is_named_with_the_cause_that_most_rows_have(stage: Stage) -> None:
    changed = {(STRATEGY, "weight"): dict.fromkeys(range(7, 12), 0.9), (STRATEGY, "order"): {7: 0.0}}
    stage.answers["columns"] = lambda job: stage.columns(job, changes=changed)
    answers = iter(
        [Outcome({}), Outcome({"short": 0.1, "whole": 0.9}), Outcome({"short": 0.5, "whole": 0.9})]
    )
    stage.answers["ask"] = lambda _job: next(answers)
    [found] = stage.run()
    assert found.part == STRATEGY
    assert found.what == "0.5 from what was known then, 0.9 given all rows"
    assert found.cause == "It needs more than its lookback of 3 rows"
    assert found.column == "weight"
    assert found.first_ns == stage.stamps[7]
    assert (found.rows, found.of) == (5, len(stage.stamps))
    asked = [job for worker in stage.workers for job in worker.asked if job["kind"] == "ask"]
    assert sorted(job["row"] for job in asked) == [7, 8, 9]
    assert [job["row"] for job in stage.workers[1].asked if job["kind"] == "ask"] == [7, 9]


def test_a_false_lookback_is_told_with_its_number(stage: Stage) -> None:
    stage.facts[STRATEGY] = {"lookback": 1234, "rows": 20, "of": 30}
    stage.answers["columns"] = lambda job: stage.columns(job, changes={(STRATEGY, "weight"): {7: 0.9}})
    stage.answers["ask"] = lambda _job: Outcome({"short": 0.5, "whole": 0.9})
    [found] = stage.run()
    assert found.cause == "It needs more than its lookback of 1,234 rows"
    [note] = stage.report.notes
    assert note.startswith(
        "strategy mine: 20 of 30 rows were decided live, evenly spread: its lookback of 1,234"
    )


def test_an_order_that_differs_alone_hangs_on_the_last_digits(stage: Stage) -> None:
    stage.answers["columns"] = lambda job: stage.columns(job, changes={(STRATEGY, "order"): {4: 0.0}})
    [found] = stage.run()
    assert found.column == "order"
    assert found.cause.startswith("Its weights differ by no more than sums round apart")
    assert not [job for worker in stage.workers for job in worker.asked if job["kind"] == "ask"]


def test_what_newsvol_itself_says_otherwise_is_found_without_a_cause(stage: Stage) -> None:
    stage.answers["columns"] = lambda job: stage.columns(job, changes={(FUSED, "variance"): {3: np.nan}})
    [found] = stage.run()
    assert (found.part, found.cause) == (FUSED, "")
    assert found.what == "2e-05 from what was known then, nothing given all rows"


def test_fills_that_do_not_follow_from_the_weights_are_found(stage: Stage) -> None:
    def columns(job: dict[str, Any]) -> Observation:
        said = stage.columns(job)
        own = stage.says()
        price, time = fills_of(stage.tape, stage.recipe, own.of(STRATEGY, "weight"))
        Observation((*own.series, replace(price, values=price.values * 1.01), time)).save(Path(job["own"]))
        return said

    stage.answers["columns"] = columns
    [found] = stage.run()
    assert (found.part, found.column) == (STRATEGY, "fill price")
    assert found.what == "its fill price is not what its weights give"


def test_who_goes_by_the_year_is_found_once(stage: Stage) -> None:
    changed = {(STRATEGY, "weight"): {5: 0.0, 6: 0.0}, (FUSED, "variance"): {5: 1.0}}
    stage.answers["years"] = lambda _job: stage.says(changed, shift_ns=YEARS_NS)
    [found] = stage.run()
    assert (found.part, found.column, found.first_ns) == (STRATEGY, "weight", stage.stamps[5])
    assert found.what == "says something else where everything is 28 years later"
    assert found.rows == 2
    stage.answers["columns"] = lambda job: stage.columns(job, changes={(STRATEGY, "weight"): {7: 0.9}})
    [found] = stage.run()
    assert "given all rows" in found.what


def test_a_future_that_changes_the_past_is_found_with_how_often(stage: Stage) -> None:
    def perturbed(job: dict[str, Any]) -> Observation:
        known = int(np.searchsorted(stage.stamps, job["moment_ns"], side="right")) - 1
        if job["how"] == "redraw":
            return stage.says({(STRATEGY, "weight"): {known: 0.7}, (STRATEGY, "order"): {known: 0.0}})
        if job["how"] == "delete":  # after the moment everything may change
            return stage.says({(STRATEGY, "weight"): dict.fromkeys(range(known + 1, len(stage.stamps)), 9.0)})
        return stage.says(acts=(("mine", "forks a process"),))

    stage.answers["perturbed"] = perturbed
    weight, act = stage.run()
    assert (weight.part, weight.column) == (STRATEGY, "weight")
    assert weight.cause == "It knows what comes later"
    assert "changed when the future of bars" in weight.what
    assert "(redraw) after 20" in weight.what
    assert weight.what.endswith("at 2 of 8 moments")
    assert weight.rows == 1
    assert (act.part, act.what) == ("mine", "forks a process")


def test_a_forecaster_is_named_and_not_who_trades_it(stage: Stage) -> None:
    keys = [(FORECASTER, "variance"), (FUSED, "variance"), (STRATEGY, "weight"), (STRATEGY, "order")]
    stage.answers["perturbed"] = lambda _job: stage.says({key: {0: 7.0} for key in keys})
    assert [(one.part, one.column) for one in stage.run()] == [(FORECASTER, "variance")]


def test_a_future_that_cannot_be_computed_is_found_once(stage: Stage) -> None:
    stage.answers["perturbed"] = lambda job: (
        Outcome({}, failed="ValueError: no (mine.py:3)") if job["how"] == "blank" else stage.says()
    )
    [found] = stage.run()
    assert found.part == "recipe"
    assert found.what.startswith("fails when the future of bars and news is changed (blank) after 20")
    assert found.what.endswith(": ValueError: no (mine.py:3)")


def test_acts_are_told_once_and_files_a_few(stage: Stage) -> None:
    files = tuple(("mine", f"reads the file /f{number}") for number in range(5))
    stage.answers["live"] = lambda _job: replace(stage.says(facts=True), acts=(*files, ("mine", "runs true")))
    stage.answers["columns"] = lambda job: stage.columns(job, acts=files)
    read, ran = stage.run()
    assert read.what == "reads the file /f0; reads the file /f1; reads the file /f2 and 2 more"
    assert "--allow-read PATH" in read.cause
    assert (ran.what, ran.cause) == ("runs true", "")


@pytest.mark.parametrize("kind", ["live", "columns", "years"])
def test_who_writes_into_what_others_read_is_found_and_nothing_after_it(stage: Stage, kind: str) -> None:
    told = "strategy 'mine' of mine writes into columns that others read too, in line 3"
    stage.answers[kind] = lambda _job: Outcome({}, refused=told)
    [found] = stage.run()
    assert found.part == STRATEGY
    assert found.what == "writes into columns that others read too, in line 3"
    assert stage.report.rows == (0 if kind == "live" else 3 * len(stage.stamps))


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome({}, refused="a strategy that is none"), "^a strategy that is none$"),
        (Outcome({}, failed="it died"), "^the recipe cannot be audited: it died$"),
    ],
)
def test_a_pass_that_does_not_end_is_an_error(stage: Stage, outcome: Outcome, words: str) -> None:
    stage.answers["columns"] = lambda _job: outcome
    with pytest.raises(InputError, match=words):
        stage.run()


def test_nothing_forecast_is_an_error(stage: Stage) -> None:
    stage.base[FUSED, "variance"][:] = np.nan
    with pytest.raises(TapeError, match="there is nothing to audit: 'log-har-p' makes no forecast on the"):
        stage.run()
