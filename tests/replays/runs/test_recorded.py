"""A recording is charged to what it was recorded of; anything else is named, and refused unless forced."""

import json
import shutil
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from run_factory import edit_json

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import ModelError, RecipeError, RunError
from newsvol.engine.frames import DecisionFrame
from newsvol.replays.replay import LoadScorer, replay
from newsvol.replays.runs.reader import Run, load_run
from newsvol.replays.simulation.recipe import load_recipe
from newsvol.replays.tapes.synth import Market, synthesize
from newsvol.replays.tapes.tape import Tape
from newsvol.strategies.protocol import STRATEGIES

STRATEGY = [{"name": "vol_target"}, {"name": "vol_timing"}]
TAPE, _ = synthesize(Market(sessions=150, headlines=200))


class Reader:
    """Gives every headline probabilities that its length decides."""

    name, device = "reader", "cpu"

    def __init__(self, model_hash: str = "sha256:first") -> None:
        self.model_hash = model_hash

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        share = np.array([len(text) % 7 / 7 for text in texts])
        return np.column_stack([share, 1 - share, np.zeros(len(texts))])


@dataclass(frozen=True)
class Bench:
    """Replays the tape, or another one, under `latency` and with changes in the recipe."""

    folder: Path

    def run(
        self,
        out: str,
        latency: str,
        tape: Tape = TAPE,
        force: bool = False,
        load: LoadScorer = lambda _model, _device: Reader(),
        **changes: Any,
    ) -> Run:
        keys = {key.replace("__", "."): value for key, value in changes.items()}
        recipe = load_recipe(changes={"latency.model": latency, "strategies": deepcopy(STRATEGY), **keys})
        return replay(tape, recipe, self.folder / out, load=load, force=force)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Bench(tmp_path_factory.mktemp("recorded")).run("measured", "measured")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def edited(measured: Run, tmp_path: Path) -> Callable[[Callable[[Any], object]], Run]:
    """Return a function that gives a copy of the measured run with another manifest."""

    def edit(change: Callable[[Any], object]) -> Run:
        shutil.copytree(measured.folder, tmp_path / "edited")
        edit_json(tmp_path / "edited" / "manifest.json", change)
        return load_run(tmp_path / "edited")

    return edit


def turned(tape: Tape) -> Tape:
    """Return the tape with as many headlines at the same times, in reversed order."""
    news = replace(tape.news, headline=tape.news.headline[::-1].copy())
    return Tape(tape.bars, news, tape.sessions, tape.info)


def digits(content_hash: str) -> str:
    return content_hash[: len("sha256:") + 12]


def test_other_headlines_in_the_same_number_are_another_tape(measured: Run, bench: Bench) -> None:
    other = turned(TAPE)
    names = f"tape: {digits(TAPE.content_hash())} recorded, {digits(other.content_hash())} here; .* --force"
    with pytest.raises(RunError, match=names):
        bench.run("run", f"recorded:{measured.folder}", other)
    assert list(bench.folder.iterdir()) == []


def test_what_is_forced_stands_in_the_manifest(measured: Run, bench: Bench) -> None:
    run = bench.run("run", f"recorded:{measured.folder}", turned(TAPE), force=True, seed=8)
    assert run.manifest.recording is not None
    tape, seed = run.manifest.recording.forced
    assert tape.startswith(f"tape: {digits(TAPE.content_hash())} recorded, ")
    assert seed == "seed: 7 recorded, 8 here"


def test_a_recording_of_the_same_says_whence_it_is_and_that_nothing_was_forced(
    measured: Run, bench: Bench
) -> None:
    run = bench.run("run", f"recorded:{measured.folder}")
    source = run.manifest.recording
    assert source is not None
    assert (source.folder, source.run_id) == (str(measured.folder), measured.manifest.run_id)
    assert source.recording_hash == measured.manifest.recording_hash == run.manifest.recording_hash
    assert (source.latency, source.device, source.forced) == ("measured", "cpu", ())
    assert source.machine == measured.manifest.machine
    assert source.versions == measured.manifest.versions
    assert measured.manifest.recording is None


def test_scores_keep_the_name_and_the_hash_of_the_model_that_gave_them(measured: Run, bench: Bench) -> None:
    changes = {"sentiment__model": "student-int8", "force": True}
    run = bench.run("run", f"recorded:{measured.folder}", **changes)
    assert run.manifest.model_hash == run.metrics.sentiment["model_hash"] == "sha256:first"
    assert run.metrics.sentiment["model"] == "reader"
    assert run.manifest.recording is not None
    assert run.manifest.recording.forced == ("sentiment.model: student recorded, student-int8 here",)


def test_a_model_that_was_trained_again_is_another_one(measured: Run, bench: Bench) -> None:
    with pytest.raises(RunError, match="model: sha256:first recorded, sha256:second here"):
        bench.run("run", f"recorded:{measured.folder}", load=lambda *_: Reader("sha256:second"))


def test_the_shipped_model_is_compared_without_being_run(measured: Run, bench: Bench) -> None:
    recipe = load_recipe(changes={"latency.model": f"recorded:{measured.folder}", "strategies": STRATEGY})
    with pytest.raises(RunError, match=r"model: sha256:first recorded, sha256:[0-9a-f]{12} here"):
        replay(TAPE, recipe, bench.folder / "run")


def test_a_model_that_is_not_here_cannot_be_compared(measured: Run, bench: Bench) -> None:
    def load(_model: str, _device: str) -> Reader:
        raise ModelError("no model folder /gone")

    latency = f"recorded:{measured.folder}"
    with pytest.raises(RunError, match=r"model: sha256:first recorded, none to compare \(no model fol"):
        bench.run("run", latency, load=load)
    assert bench.run("run", latency, load=load, force=True).manifest.model_hash == "sha256:first"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("sentiment.model", "student-int8", "sentiment.model: student recorded, student-int8 here"),
        ("sentiment.device", "cuda", "sentiment.device: cpu recorded, cuda here"),
        ("volatility.forecaster", "har", "volatility.forecaster: log-har-p recorded, har here"),
        ("volatility.min_window", 300, "volatility.min_window: .* recorded, 300 here"),
        ("fusion.ridge", 3.0, "fusion.ridge: .* recorded, 3.0 here"),
        ("fusion.half_lives_hours", [1.0, 4.0], r"fusion.half_lives_hours\[0\]: 0.25 recorded, 1.0 here"),
        ("seed", 8, "seed: 7 recorded, 8 here"),
        ("span.first", "2023-07-03", "span.first: none recorded, 2023-07-03 here"),
        (
            "strategies.vol_timing.lookback",
            40,
            "strategies.vol_timing: without parameters recorded, lookback 40 here",
        ),
    ],
)
def test_a_part_of_the_recipe_that_decides_what_is_measured_is_named(
    measured: Run, bench: Bench, key: str, value: Any, told: str
) -> None:
    with pytest.raises(RunError, match=told) as refused:
        bench.run("run", f"recorded:{measured.folder}", **{key: value})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "other"),
        ("fill", "worst"),
        ("costs.slippage_bps", 9.0),
        ("cash", 1000.0),
        ("rebalance_band", 0.2),
        ("latency.order_ms", 900.0),
        ("strategies", STRATEGY[:1]),
        ("strategies", STRATEGY[::-1]),
        ("sentiment.device", "cpu"),
    ],
)
def test_what_comes_after_the_last_decision_may_differ(
    measured: Run, bench: Bench, key: str, value: Any
) -> None:
    run = bench.run("run", f"recorded:{measured.folder}", **{key: value})
    assert run.manifest.recording is not None
    assert run.manifest.recording.forced == ()


def test_every_difference_is_told_at_once(measured: Run, bench: Bench) -> None:
    changes: dict[str, Any] = {"seed": 8, "load": lambda *_: Reader("sha256:second")}
    with pytest.raises(RunError, match=r"replay: tape: .*; seed: 7 .*; model: sha256:first .* force=True"):
        bench.run("run", f"recorded:{measured.folder}", turned(TAPE), **changes)


def test_a_tape_that_has_grown_since_is_the_same_up_to_the_last_day(bench: Bench) -> None:
    last = TAPE.days()[1].replace(day=1)
    recorded = bench.run("short", "constant:5", TAPE.until(last))
    run = bench.run("long", f"recorded:{recorded.folder}", TAPE, span__last=last)
    assert run.manifest.tape.replayed_hash == recorded.manifest.tape.replayed_hash
    assert run.manifest.tape_hash != recorded.manifest.tape_hash
    with pytest.raises(RunError, match=r"tape: .*; span.last: "):
        bench.run("earlier", f"recorded:{run.folder}", TAPE, span__last=last.replace(day=2))


def test_a_recording_of_another_machine_is_charged_and_says_which(
    edited: Callable[..., Run], bench: Bench
) -> None:
    elsewhere = edited(lambda about: about["machine"].update(processor="Other CPU", cores=96))
    run = bench.run("run", f"recorded:{elsewhere.folder}")
    again = bench.run("again", f"recorded:{run.folder}")
    for one in (run, again):
        assert one.manifest.recording is not None
        assert one.manifest.recording.machine["processor"] == "Other CPU"
        assert one.manifest.recording.latency == "measured"
        assert one.manifest.machine["processor"] != "Other CPU"


def test_what_was_forced_once_is_told_by_every_run_after_it(measured: Run, bench: Bench) -> None:
    first = bench.run("first", f"recorded:{measured.folder}", seed=8, force=True)
    second = bench.run("second", f"recorded:{first.folder}", seed=8)
    assert second.manifest.recording is not None
    assert second.manifest.recording.forced == ("seed: 7 recorded, 8 here",)


def test_another_newsvol_decided_by_other_code(edited: Callable[..., Run], bench: Bench) -> None:
    older = edited(lambda about: about["versions"].update(newsvol="0.0.9"))
    with pytest.raises(RunError, match=r"newsvol: 0\.0\.9 recorded, "):
        bench.run("run", f"recorded:{older.folder}")


def test_a_recording_that_was_changed_is_refused(measured: Run, bench: Bench) -> None:
    folder = bench.folder / "changed"
    shutil.copytree(measured.folder, folder)
    service = pq.read_table(folder / "service.parquet")
    faster = pa.array(np.zeros(service.num_rows, np.int64))
    place = service.column_names.index("score_ns")
    pq.write_table(service.set_column(place, "score_ns", faster), folder / "service.parquet")
    with pytest.raises(RunError, match=r"files of the recording: sha256:.* recorded, sha256:.* here"):
        bench.run("run", f"recorded:{folder}")


def test_a_recording_by_a_first_version_is_checked_by_what_it_holds(
    edited: Callable[..., Run], bench: Bench
) -> None:
    def age(about: Any) -> None:
        for key in ("recording_hash", "events_hash", "plug_ins", "recording"):
            del about[key]
        del about["tape"]["replayed_hash"]

    older = edited(age)
    assert bench.run("run", f"recorded:{older.folder}").manifest.recording is not None
    with pytest.raises(RunError, match="tape: "):
        bench.run("other", f"recorded:{older.folder}", turned(TAPE))


@pytest.mark.parametrize("text", ["[]", "strategies: [vol_target]", "seed: 7"])
def test_a_recording_whose_recipe_was_mangled_says_which_file(measured: Run, bench: Bench, text: str) -> None:
    folder = bench.folder / "mangled"
    shutil.copytree(measured.folder, folder)
    (folder / "recipe.yaml").write_text(text)
    with pytest.raises(RunError, match=r"mangled/recipe\.yaml is no recipe"):
        bench.run("run", f"recorded:{folder}")


class Calm:
    """A strategy of another package."""

    every_bar, lookback = False, 1

    def decide(self, frame: DecisionFrame) -> FloatArray:
        return np.full(len(frame), 0.5)


def test_a_plug_in_that_was_changed_is_another_strategy(bench: Bench) -> None:
    with STRATEGIES.lend("calm", Calm):
        run = bench.run("run", "constant:5", strategies=[{"name": "calm"}])
        plug_in = run.manifest.plug_ins["strategy calm"]
        assert (plug_in.module, plug_in.package) == (Calm.__module__, None)
        assert bench.run("same", f"recorded:{run.folder}", strategies=[{"name": "calm"}])
        edit_json(
            run.folder / "manifest.json",
            lambda about: about["plug_ins"]["strategy calm"].update(module_hash="sha256:" + "0" * 64),
        )
        with pytest.raises(RunError, match=r"strategy calm: .*\(0{12}\) recorded, .*test_recorded"):
            bench.run("other", f"recorded:{run.folder}", strategies=[{"name": "calm"}])


def test_to_force_needs_a_recording(bench: Bench) -> None:
    with pytest.raises(RecipeError, match=r"force charges the recording .* latency.model is 'zero'"):
        bench.run("run", "zero", force=True)


def test_ticks_that_do_not_fit_cannot_be_forced(measured: Run, bench: Bench) -> None:
    fewer = Tape(TAPE.bars, TAPE.news.take(slice(1, None)), TAPE.sessions, TAPE.info)
    with pytest.raises(RunError, match="cannot be charged, forced or not"):
        bench.run("run", f"recorded:{measured.folder}", fewer, force=True)


def test_two_measurements_of_the_same_have_two_names(measured: Run, bench: Bench) -> None:
    again = bench.run("again", "measured")
    assert again.manifest.recording_hash != measured.manifest.recording_hash
    assert again.manifest.run_id != measured.manifest.run_id
    manifest = json.loads((again.folder / "manifest.json").read_text())
    assert manifest["recipe_hash"] == measured.manifest.recipe_hash
