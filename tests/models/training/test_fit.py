from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import TrainerCallback

from newsvol.engine.errors import DeviceError, InputError
from newsvol.models.networks.bert import load_start, start_tokenizer
from newsvol.models.networks.config import Lora
from newsvol.models.sentiment.classifier import TrainingData, fit_classifier
from newsvol.models.sentiment.recipe import ClassifierFit
from newsvol.models.text.texts import Texts
from newsvol.models.training.fit import FitSetting

WORDS = ["profit rose sharply", "sales fell", "the company said", "shares of the bank rose"] * 8
TEXTS = Texts(np.array(WORDS, dtype=object), np.arange(len(WORDS)) % 3)
LESSON = TrainingData(TEXTS)
SETTING = FitSetting("cpu", "fp32", 1, progress=False)
HOW = ClassifierFit(epochs=3, learning_rate=3e-3, batch=8)


class Killed(Exception):
    """Stands for a power cut."""


class KilledAfter(TrainerCallback):
    """Ends a fit_classifier as soon as the checkpoint of an epoch is written."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_save(self, args, state, control, **_) -> None:
        if state.epoch >= self.epoch:
            raise Killed


class Losses(TrainerCallback):
    """Counts the steps that were really taken, and the evaluations."""

    def __init__(self) -> None:
        self.steps = 0
        self.scores: list[float] = []

    def on_step_end(self, args, state, control, **_) -> None:
        self.steps += 1

    def on_evaluate(self, args, state, control, metrics, **_) -> None:
        self.scores.append(metrics["eval_macro_f1"])


def fitted(tiny_start: Path, setting: FitSetting, how: ClassifierFit = HOW, lesson: TrainingData = LESSON):
    network = load_start(tiny_start, 0)
    fit_classifier(network, start_tokenizer(tiny_start, 16), lesson, how, setting)
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def test_a_killed_fit_goes_on_to_the_same_weights(tiny_start: Path, tmp_path: Path) -> None:
    whole = fitted(tiny_start, SETTING)
    kept = replace(SETTING, checkpoints=tmp_path / "fit")
    with pytest.raises(Killed):
        fitted(tiny_start, replace(kept, callbacks=(KilledAfter(1),)))
    counted = Losses()
    resumed = fitted(tiny_start, replace(kept, callbacks=(counted,)))
    assert counted.steps == 8  # two epochs of three
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, msg=name)


def test_a_finished_fit_is_not_done_again(tiny_start: Path, tmp_path: Path) -> None:
    kept = replace(SETTING, checkpoints=tmp_path / "fit")
    first = fitted(tiny_start, kept)
    counted = Losses()
    again = fitted(tiny_start, replace(kept, callbacks=(counted,)))
    assert counted.steps == 0
    assert all(torch.equal(again[name], value) for name, value in first.items())


def test_adapters_are_resumed_and_merged(tiny_start: Path, tmp_path: Path) -> None:
    how = HOW.model_copy(update={"lora": Lora(r=2, dropout=0.0)})
    whole = fitted(tiny_start, SETTING, how)
    kept = replace(SETTING, checkpoints=tmp_path / "fit")
    with pytest.raises(Killed):
        fitted(tiny_start, replace(kept, callbacks=(KilledAfter(1),)), how)
    resumed = fitted(tiny_start, kept, how)
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, msg=name)


def test_the_head_has_a_pace_of_its_own(tiny_start: Path) -> None:
    how = HOW.model_copy(update={"learning_rate": 1e-12, "head_learning_rate": 1e-2, "epochs": 1})
    before = load_start(tiny_start, 0).state_dict()
    moved = {
        name
        for name, value in fitted(tiny_start, SETTING, how).items()
        if not torch.allclose(value, before[name], atol=1e-6)
    }
    assert moved == {name for name in before if "pooler" in name or name.startswith("classifier")}


def test_a_head_with_its_own_pace_is_resumed(tiny_start: Path, tmp_path: Path) -> None:
    how = HOW.model_copy(update={"head_learning_rate": 1e-2, "lora": Lora(r=2, dropout=0.0)})
    whole = fitted(tiny_start, SETTING, how)
    kept = replace(SETTING, checkpoints=tmp_path / "fit")
    with pytest.raises(Killed):
        fitted(tiny_start, replace(kept, callbacks=(KilledAfter(1),)), how)
    for name, value in fitted(tiny_start, kept, how).items():
        torch.testing.assert_close(value, whole[name], msg=name)


def test_equal_seeds_give_equal_weights(tiny_start: Path) -> None:
    how = HOW.model_copy(update={"epochs": 1})
    first, again, other = (fitted(tiny_start, replace(SETTING, seed=seed), how) for seed in (1, 1, 2))
    assert all(torch.equal(again[name], value) for name, value in first.items())
    assert not all(torch.equal(other[name], value) for name, value in first.items())


def test_a_fit_stops_when_validation_no_longer_improves_and_keeps_the_best_epoch(tiny_start: Path) -> None:
    counted = Losses()
    how = HOW.model_copy(update={"epochs": 12, "patience": 2, "learning_rate": 2e-2})
    fitted(tiny_start, replace(SETTING, callbacks=(counted,)), how, TrainingData(TEXTS, validation=TEXTS))
    best = int(np.argmax(counted.scores))
    assert len(counted.scores) == best + 3 < 12


def test_early_stopping_needs_validation_texts(tiny_start: Path) -> None:
    with pytest.raises(InputError, match="patience needs validation texts"):
        fitted(tiny_start, SETTING, HOW.model_copy(update={"patience": 1}))


def test_fp16_on_a_cpu_is_refused(tiny_start: Path) -> None:
    with pytest.raises(DeviceError, match="precision fp16 needs CUDA"):
        fitted(tiny_start, replace(SETTING, precision="fp16"))


def test_bf16_trains_on_a_cpu(tiny_start: Path) -> None:
    weights = fitted(tiny_start, replace(SETTING, precision="bf16"))
    assert all(value.dtype == torch.float32 and value.isfinite().all() for value in weights.values())
