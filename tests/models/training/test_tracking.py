"""Losses followed by TensorBoard and by W&B, which stays offline."""

import os
import re
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from newsvol.cli.sentiment.commands import sentiment
from newsvol.engine.errors import InputError, OutputError
from newsvol.models.networks.bert import load_start, start_tokenizer
from newsvol.models.sentiment.classifier import TrainingData, fit_classifier
from newsvol.models.sentiment.recipe import ClassifierFit
from newsvol.models.text.texts import Texts
from newsvol.models.training.fit import FitSetting
from newsvol.models.training.tracking import Track, require_tracker, tracked

WORDS = ["profit rose sharply", "sales fell", "the company said", "shares of the bank rose"] * 8
LESSON = TrainingData(Texts(np.array(WORDS, dtype=object), np.arange(len(WORDS)) % 3))
HOW = ClassifierFit(epochs=3, learning_rate=3e-3, batch=8)
STEPS = 12


@pytest.fixture
def offline() -> Iterator[None]:
    """W&B's own variables as a user without any has them."""
    kept = {name: os.environ.pop(name) for name in [*os.environ] if name.startswith("WANDB_")}
    yield
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        del os.environ[name]
    os.environ.update(kept)


def follow(tiny_start: Path, track: Track, folder: Path, seeds: tuple[int, ...] = (1,)) -> None:
    for seed in seeds:
        network, tokenizer = load_start(tiny_start, 0), start_tokenizer(tiny_start, 16)
        setting = FitSetting("cpu", "fp32", seed, progress=False, track=track, tracking=folder)
        fit_classifier(network, tokenizer, LESSON, HOW, setting)


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return what TensorBoard itself reads from an event folder, by tag: steps and values."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    return {tag: [(row.step, row.value) for row in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def wandb_losses(file: Path) -> set[float]:
    """Return the losses in the protobuf records of an offline run: a key, and its value as JSON."""
    return {float(value) for value in re.findall(rb"train/loss\x82\x01.(\d+\.\d+)", file.read_bytes(), re.S)}


@pytest.mark.parametrize("track", ["tensorboard", "wandb"])
def test_tracking_without_its_package_is_refused(track: Track) -> None:
    with pytest.raises(InputError, match=f"track {track} needs {track}: pip install {track}"):
        require_tracker(track, find=lambda _: None)


def test_a_mode_that_wandb_does_not_know_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offlin")
    with pytest.raises(InputError, match=r"WANDB_MODE=offlin is none of .*; did you mean 'offline'"):
        require_tracker("wandb")


def test_nothing_is_written_unless_asked_for(tiny_start: Path, tmp_path: Path) -> None:
    follow(tiny_start, "none", tmp_path / "tracking")
    assert list(tmp_path.iterdir()) == []


def test_tensorboard_gets_the_losses_of_each_fit_in_a_run_of_its_own(
    tiny_start: Path, tmp_path: Path
) -> None:
    follow(tiny_start, "tensorboard", tmp_path, seeds=(1, 1, 2))
    assert sorted(run.name for run in tmp_path.iterdir()) == ["seed-1-1", "seed-1-2", "seed-2-1"]
    for run in tmp_path.iterdir():
        written = scalars(run)
        assert [step for step, _ in written["train/loss"]] == [1, 10]
        assert all(np.isfinite(value) and value > 0 for _, value in written["train/loss"])
        assert written["train/train_loss"][0][0] == STEPS


@pytest.mark.usefixtures("offline")
def test_wandb_keeps_the_losses_of_each_fit_in_an_offline_run_of_its_own(
    tiny_start: Path, tmp_path: Path
) -> None:
    follow(tiny_start, "wandb", tmp_path, seeds=(1, 2))
    runs = sorted((tmp_path / "wandb").glob("offline-run-*"))
    assert len(runs) == 2
    for run in runs:
        (file,) = run.glob("run-*.wandb")
        losses = wandb_losses(file)
        assert len(losses) == 2
        assert all(0 < loss < 10 for loss in losses)


@pytest.mark.usefixtures("offline")
def test_a_fit_that_fails_closes_its_run(tmp_path: Path) -> None:
    import wandb

    with pytest.raises(ZeroDivisionError), tracked("wandb", tmp_path, "broken"):
        raise ZeroDivisionError
    assert wandb.run is None
    assert len(list((tmp_path / "wandb").glob("offline-run-*"))) == 1


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "tracking"
    with (
        pytest.raises(OutputError, match=r"cannot write .*file/tracking"),
        tracked("tensorboard", folder, "x"),
    ):
        pass


def test_the_command_tracks_what_the_recipe_does_not_and_says_where(
    tiny_recipe: Path, made_up_data: Path, tmp_path: Path
) -> None:
    options = ["--data", str(made_up_data), "--out", "out", "--device", "cpu", "--quiet"]
    with chdir(tmp_path):
        done = CliRunner().invoke(sentiment, ["train", str(tiny_recipe), *options, "--track", "tensorboard"])
    assert done.exit_code == 0, done.output
    assert "losses go to tracking; see them: tensorboard --logdir tracking" in done.stderr
    runs = sorted((tmp_path / "tracking").iterdir())
    assert [run.name for run in runs] == ["seed-1-1", "seed-1-2", "seed-2-1"]  # two teachers and the student
    assert all(scalars(run)["train/loss"] for run in runs)
    assert (tmp_path / "out" / "model.safetensors").is_file()
