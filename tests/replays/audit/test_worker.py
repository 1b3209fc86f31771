"""One interpreter and its jobs: what it is told, what it answers, and what it does not remember."""

import inspect
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plug_in_folder import request_of, write_plug_in

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import NewsvolError
from newsvol.replays.audit import passes
from newsvol.replays.audit.observation import Observation, differences, load_observation
from newsvol.replays.audit.perturbation import YEARS_NS
from newsvol.replays.audit.processes import Outcome, Worker
from newsvol.replays.audit.setting import without_measuring, write_setting
from newsvol.replays.tapes.tape import Tape

SOURCE = """
import os
import numpy as np
print('said on standard output')
SEEN = []

class Mine:
    every_bar = False
    lookback = 3

    def decide(self, frame):
        SEEN.append(len(frame))
        assert len(SEEN) == 1 or os.environ['NEWSVOL_AUDIT'] == 'one'
        open(os.path.join(os.environ['TMPDIR'], 'left behind'), 'w').write('1')
        weight = np.sign(np.diff(frame.close, prepend=np.nan, n=1))
        weight[:2] = np.nan
        return np.where(np.isfinite(frame.variance), np.nan_to_num(weight), np.nan)
"""


@pytest.fixture(scope="module")
def small(planted: tuple[Tape, FloatArray]) -> Tape:
    """The first 63 sessions of the planted market."""
    return planted[0].until(planted[0].days()[0] + timedelta(days=92))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where observations are written."""
    return tmp_path_factory.mktemp("jobs")


@pytest.fixture(scope="module")
def setting(small: Tape, folder: Path) -> dict[str, Any]:
    """Return what an interpreter is told, with a plug-in on its path."""
    (folder / "plug-in").mkdir()
    written = write_plug_in(folder / "plug-in", SOURCE, strategy_mine="Mine")
    short = {
        "volatility.window": 300,
        "volatility.min_window": 60,
        "span.first": small.days()[0] + timedelta(days=75),
    }
    request = request_of("strategy", "mine", short)
    content = without_measuring(request.content)
    told = write_setting(folder, small, content, request.where, request.folder, (), seed=7)
    return {**told, "path": [str(written), *told["path"]]}


@pytest.fixture(scope="module")
def worker(setting: dict[str, Any], folder: Path) -> Iterator[Worker]:
    """One interpreter."""
    one = Worker(folder / "one", setting, hash_seed=1)
    try:
        one.require_ready()
        yield one
    finally:
        one.close()


@pytest.fixture(scope="module")
def progress() -> list[tuple[int, int]]:
    """What the live pass told."""
    return []


@pytest.fixture(scope="module")
def live(worker: Worker, folder: Path, progress: list[tuple[int, int]]) -> Observation:
    """What the live pass says."""
    return observed(worker, folder, {"kind": "live", "out": str(folder / "live.npz")}, progress)


def observed(
    worker: Worker, folder: Path, job: dict[str, Any], progress: list[tuple[int, int]] | None = None
) -> Observation:
    told = progress if progress is not None else []
    outcome = worker.run(job, lambda done, total: told.append((done, total)))
    assert outcome == Outcome({})
    return load_observation(Path(job["out"]))


def test_the_live_pass_tells_how_far_it_is(live: Observation, progress: list[tuple[int, int]]) -> None:
    total = live.facts["strategy mine"]["of"]
    assert progress[0] == (1, total)
    assert progress[-1] == (total, total)
    assert [done for done, _ in progress[1:-1]] == list(range(51, total, 50))
    assert live.facts["strategy mine"] == {"lookback": 3, "rows": total, "of": total}


def test_what_a_plug_in_does_is_told_with_its_package(live: Observation) -> None:
    [(package, what)] = live.acts
    assert package == "mine"
    assert what.startswith("writes the file its temporary folder/")
    assert what.endswith("left behind")


@pytest.fixture(scope="module")
def columns(worker: Worker, folder: Path, live: Observation) -> Observation:
    """What the columns say, strategies asked about the live forecasts; beside them `own`, by themselves."""
    job = {
        "kind": "columns",
        "out": str(folder / "columns.npz"),
        "own": str(folder / "own.npz"),
        "live": str(folder / "live.npz"),
    }
    return observed(worker, folder, job)


@pytest.fixture(scope="module")
def own(folder: Path, columns: Observation) -> Observation:
    """What the columns say by themselves."""
    return load_observation(folder / "own.npz")


def test_columns_are_computed_where_nothing_is_remembered(
    live: Observation, columns: Observation, own: Observation
) -> None:
    """The plug-in's own count of its calls is one at the first of each job."""
    assert differences(live, columns) == []
    assert {"fill price", "fill time"} <= {one.column for one in own.series}
    assert {"rv", "covered"} <= {one.column for one in own.series}


def test_another_future_changes_what_comes_after_it_alone(
    worker: Worker, folder: Path, own: Observation
) -> None:
    fused = own.of("fused forecast", "variance")
    moment = int(fused.known_ns[np.isfinite(fused.values)][40])
    job = {
        "kind": "perturbed", "moment_ns": moment, "how": "redraw", "what": "bars and news", "seed": 7,
        "out": str(folder / "future.npz"),
    }  # fmt: skip
    other = observed(worker, folder, job)
    assert differences(own, other, until_ns=moment) == []
    assert {one.part for one in differences(own, other)} >= {"fused forecast", "strategy mine", "news"}
    assert differences(other, observed(worker, folder, job)) == []
    assert differences(other, observed(worker, folder, {**job, "seed": 8})) != []
    of_news = observed(worker, folder, {**job, "what": "news"})
    assert "history" not in {one.part for one in differences(own, of_news)}


def test_years_later_the_stamps_are_others_and_nothing_else(
    worker: Worker, folder: Path, columns: Observation
) -> None:
    job = {"kind": "years", "out": str(folder / "years.npz"), "live": str(folder / "live.npz")}
    later = observed(worker, folder, job)
    ours, theirs = (one.of("strategy mine", "weight") for one in (columns, later))
    np.testing.assert_array_equal(theirs.known_ns, ours.known_ns + YEARS_NS)
    np.testing.assert_allclose(theirs.values, ours.values)


def test_a_part_is_asked_again_for_one_row(worker: Worker, folder: Path, live: Observation) -> None:
    weights = live.of("strategy mine", "weight").values
    row = int(np.flatnonzero(np.isfinite(weights) & (weights != 0))[-1])
    job = {"kind": "ask", "part": "strategy mine", "row": row, "live": str(folder / "live.npz")}
    assert asdict(worker.run(job)) == {
        "answer": {"short": weights[row], "whole": weights[row]},
        "refused": None,
        "failed": None,
    }


def test_a_job_that_fails_is_told_and_the_next_one_is_done(
    worker: Worker, folder: Path, live: Observation
) -> None:
    job = {"kind": "ask", "part": "strategy nobody", "row": 1, "live": str(folder / "live.npz")}
    failed = worker.run(job)
    assert failed.refused is None
    assert failed.failed is not None
    source = inspect.getsource(passes).splitlines()
    line = 1 + source.index("        raise KeyError(part)")
    assert failed.failed == f"KeyError: 'strategy nobody' (passes.py:{line})"
    missing = worker.run({"kind": "live", "out": str(folder / "no" / "such" / "folder.npz")})
    assert "No such file or directory" in str(missing.failed)
    again = worker.run({**job, "part": "strategy mine", "row": 300})
    assert set(again.answer) == {"short", "whole"}


def test_a_contract_that_is_not_kept_is_refused(
    setting: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    content = {**setting["content"], "strategies": [{"name": "nobody"}]}
    worker = Worker(tmp_path / "two", {**setting, "content": content}, hash_seed=2)
    try:
        worker.require_ready()
        outcome = worker.run({"kind": "live", "out": str(tmp_path / "live.npz")})
        assert "unknown strategy 'nobody'" in str(outcome.refused)
        assert outcome.failed is None
        assert not (tmp_path / "live.npz").exists()
    finally:
        worker.close()


def test_nothing_that_an_interpreter_writes_lies_outside_its_folder(live: Observation, folder: Path) -> None:
    assert sorted(one.name for one in (folder / "one").iterdir()) == ["log.txt", "scratch"]
    assert "said on standard output" in (folder / "one" / "log.txt").read_text()


def test_an_interpreter_that_cannot_start_is_an_error_with_its_last_words(
    setting: dict[str, Any], tmp_path: Path
) -> None:
    worker = Worker(tmp_path / "none", {**setting, "tape": str(tmp_path / "gone")}, hash_seed=1)
    try:
        with pytest.raises(NewsvolError, match=r"could not start: .*gone"):
            worker.require_ready()
        told = worker.run({"kind": "live", "out": str(tmp_path / "live.npz")})
        assert str(told.failed).startswith("the worker died: ")
    finally:
        worker.close()


def test_a_closed_interpreter_has_ended_with_all_that_it_started(
    setting: dict[str, Any], tmp_path: Path
) -> None:
    worker = Worker(tmp_path / "three", setting, hash_seed=1)
    worker.require_ready()
    group = worker._process.pid
    assert os.getpgid(group) == group
    worker.close()
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
    worker.close()
