"""Fine-tuning and distillation of a classifier, by the Trainer of transformers."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import EarlyStoppingCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import DeviceError, InputError
from newsvol.models.corpus import UNLABELLED, Texts
from newsvol.models.distilling import Guide, Objective
from newsvol.models.feeding import FORWARD_BATCH, Padding, rows_of
from newsvol.models.labels import LABELS
from newsvol.models.lora import merge_adapters, with_adapters
from newsvol.models.metrics import accuracy, macro_f1
from newsvol.models.recipe_parts import Fit
from newsvol.models.tracking import TRACKING, Track, tracked


@dataclass(frozen=True)
class FitSetting:
    """Where and how a fit runs: what is not the recipe's business, and what its parts share.

    Attributes
    ----------
    checkpoints : Path or None
        Where a checkpoint is left after every epoch; a fit that finds one there goes on from it.
    track : str
        ``none``, ``tensorboard`` or ``wandb``: what follows the losses besides the progress bar.
    tracking : Path
        Where its files are left.
    callbacks : sequence of TrainerCallback
        Told of every step.
    """

    device: str
    precision: str
    seed: int
    progress: bool = True
    checkpoints: Path | None = None
    track: Track = "none"
    tracking: Path = TRACKING
    callbacks: tuple[TrainerCallback, ...] = ()


@dataclass(frozen=True)
class Lesson:
    """What a network learns from in one fit.

    Attributes
    ----------
    texts : Texts
        N texts; those without a label need `soft`.
    soft : FloatArray, shape (N, 3), or None
        Teacher's probabilities, at temperature 1; the fit must be a `Student`'s then.
    guide : Guide or None
        A teacher whose insides are imitated.
    validation : Texts or None
        What early stopping looks at.
    """

    texts: Texts
    soft: FloatArray | None = None
    guide: Guide | None = None
    validation: Texts | None = None


def fit(network: Any, tokenizer: Tokenizer, lesson: Lesson, how: Fit, setting: FitSetting) -> None:
    """Train `network` in place, with adapters that are merged at the end if `how.lora` asks for them.

    Raises
    ------
    DeviceError
        FP16 on a CPU.
    InputError
        Early stopping without validation texts, or tracking without its package.
    """
    if how.patience is not None and (lesson.validation is None or len(lesson.validation) == 0):
        raise InputError("patience needs validation texts; leave it out, or raise split.validation")
    weights = class_weights(lesson.texts.label, how.class_weights)
    objective = Objective.of(how, weights, with_teacher=lesson.soft is not None)
    trained = network if how.lora is None else with_adapters(network, how.lora)
    checking: dict[str, Any] = {}
    callbacks = [*setting.callbacks]
    if how.patience is not None and lesson.validation is not None:
        checking = {"eval_dataset": rows_of(tokenizer, lesson.validation, None), "compute_metrics": _measured}
        callbacks.append(EarlyStoppingCallback(how.patience))
    with ExitStack() as stack:
        folder = setting.checkpoints or Path(stack.enter_context(TemporaryDirectory()))
        if lesson.guide is not None:
            lesson.guide.open()
            stack.callback(lesson.guide.close)
        told = stack.enter_context(tracked(setting.track, setting.tracking, f"seed-{setting.seed}"))
        trainer = _Distiller(
            objective,
            lesson.guide,
            how.head_learning_rate,
            model=trained,
            args=_arguments(how, setting, folder),
            train_dataset=rows_of(tokenizer, lesson.texts, lesson.soft),
            data_collator=Padding(network),
            callbacks=[*callbacks, *told],
            **checking,
        )
        trainer.train(resume_from_checkpoint=_last_checkpoint(folder))
    if how.lora is not None:
        merge_adapters(trained)
    network.eval()


def _last_checkpoint(folder: Path) -> str | None:
    last: Any = get_last_checkpoint
    return last(folder) if folder.is_dir() else None


def _arguments(how: Fit, setting: FitSetting, folder: Path) -> TrainingArguments:
    if setting.precision == "fp16" and setting.device == "cpu":
        raise DeviceError("precision fp16 needs CUDA; on a CPU use bf16 or fp32")
    checked = how.patience is not None
    return TrainingArguments(
        output_dir=str(folder),
        save_strategy="epoch" if checked or setting.checkpoints is not None else "no",
        save_total_limit=1,
        eval_strategy="epoch" if checked else "no",
        load_best_model_at_end=checked,
        metric_for_best_model="macro_f1" if checked else None,
        per_device_eval_batch_size=FORWARD_BATCH,
        label_names=["label"],
        report_to="none",
        num_train_epochs=how.epochs,
        learning_rate=how.learning_rate,
        per_device_train_batch_size=how.batch,
        warmup_steps=how.warmup,
        weight_decay=how.weight_decay,
        train_sampling_strategy="group_by_length",
        bf16=setting.precision == "bf16",
        fp16=setting.precision == "fp16",
        use_cpu=setting.device == "cpu",
        seed=setting.seed,
        logging_first_step=setting.track != "none",
        logging_steps=50 if setting.track == "none" else 10,
        disable_tqdm=not setting.progress,
        remove_unused_columns=False,
        dataloader_pin_memory=setting.device != "cpu",
    )


def class_weights(label: IntArray, rule: str) -> FloatArray:
    """Return the loss weight of each class, shape (3,), mean 1 over the labelled texts."""
    count = np.bincount(label[label != UNLABELLED], minlength=len(LABELS)).astype(np.float64)
    power = {"none": 0.0, "sqrt_balanced": 0.5, "balanced": 1.0}[rule]
    raw = np.maximum(count, 1.0) ** -power
    return np.asarray(raw * count.sum() / max(float(raw @ count), 1e-12))


def answer_loss(lesson: Lesson, how: Fit) -> Callable[[torch.Tensor, Any], torch.Tensor]:
    """Return the loss of logits on a batch of the lesson, as `fit` would compute it without a guide."""
    weights = class_weights(lesson.texts.label, how.class_weights)
    objective = Objective.of(how, weights, with_teacher=lesson.soft is not None)

    def loss(logits: torch.Tensor, batch: Any) -> torch.Tensor:
        return objective(logits.float(), batch["label"].to(logits.device), batch["soft"].to(logits.device))

    return loss


def _measured(said: Any) -> dict[str, float]:
    predicted = np.asarray(said.predictions).argmax(axis=1)
    return {"macro_f1": macro_f1(said.label_ids, predicted), "accuracy": accuracy(said.label_ids, predicted)}


class _Distiller(Trainer):
    """A Trainer whose loss takes labels, a teacher's probabilities, and maybe a teacher's insides."""

    def __init__(
        self, objective: Objective, guide: Guide | None, head_rate: float | None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.objective: Objective = objective
        self.guide: Guide | None = guide
        self.head_rate: float | None = head_rate

    def create_optimizer(self, model: Any = None) -> Any:
        optimizer = super().create_optimizer(model)
        if self.head_rate is not None:
            _quicken(optimizer, _head(self.model), self.head_rate)
        return optimizer

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        outputs = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
        loss = self.objective(outputs.logits.float(), inputs["label"], inputs["soft"])
        if self.guide is not None and model.training:
            loss = loss + self.guide.loss(inputs)
        return (loss, outputs) if return_outputs else loss


def _head(network: Any) -> set[torch.nn.Parameter]:
    """Return the parameters of pooler and classifier, as adapters may have wrapped them."""
    return {
        parameter
        for name, parameter in network.named_parameters()
        if {"pooler", "classifier"}.intersection(name.split("."))
    }


def _quicken(optimizer: torch.optim.Optimizer, chosen: set[torch.nn.Parameter], rate: float) -> None:
    """Move parameters into groups of their own, with another learning rate and all else unchanged."""
    for group in list(optimizer.param_groups):
        moved = [parameter for parameter in group["params"] if parameter in chosen]
        group["params"] = [parameter for parameter in group["params"] if parameter not in chosen]
        if moved:
            optimizer.add_param_group({**group, "params": moved, "lr": rate})
