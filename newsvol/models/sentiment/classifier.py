"""Fitting a classifier of tones: labels, a teacher's probabilities, class weights, and what is measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.models.labels import LABELS
from newsvol.models.sentiment.metrics import accuracy, macro_f1
from newsvol.models.sentiment.recipe import ClassifierFit
from newsvol.models.text.texts import UNLABELLED, Texts
from newsvol.models.training.batches import Padding, rows_of
from newsvol.models.training.fit import FitSetting, Task, fit
from newsvol.models.training.intermediate import IntermediateTeacher
from newsvol.models.training.losses import DistillationLoss


@dataclass(frozen=True)
class TrainingData:
    """What a classifier learns from in one fit.

    Attributes
    ----------
    texts : Texts
        N texts; those without a label need `soft`.
    soft : FloatArray, shape (N, 3), or None
        A teacher's probabilities, at temperature 1.
    teacher : IntermediateTeacher or None
        A teacher whose insides are imitated.
    validation : Texts or None
        What early stopping looks at.
    """

    texts: Texts
    soft: FloatArray | None = None
    teacher: IntermediateTeacher | None = None
    validation: Texts | None = None


def fit_classifier(
    network: Any, tokenizer: Tokenizer, data: TrainingData, config: ClassifierFit, setting: FitSetting
) -> None:
    """Train `network` in place on labels and, where there is a teacher, on its answers; see `fit`."""
    loss = _loss(data, config)
    validation = data.validation if config.patience is not None else None
    task = Task(
        rows=rows_of(tokenizer, data.texts, data.soft),
        collate=Padding(network),
        inputs=("input_ids", "attention_mask"),
        objective=lambda outputs, batch: loss(outputs.logits.float(), batch["label"], batch["soft"]),
        teacher=data.teacher,
        validation=None if validation is None else rows_of(tokenizer, validation, None),
        measure=_measure,
        best="macro_f1",
        head=("pooler", "classifier"),
    )
    fit(network, task, config, setting)


def answer_loss(data: TrainingData, config: ClassifierFit) -> Callable[[torch.Tensor, Any], torch.Tensor]:
    """Return the loss of logits on a batch, as `fit_classifier` would compute it."""
    objective = _loss(data, config)

    def loss(logits: torch.Tensor, batch: Any) -> torch.Tensor:
        return objective(logits.float(), batch["label"].to(logits.device), batch["soft"].to(logits.device))

    return loss


def class_weights(label: IntArray, rule: str) -> FloatArray:
    """Return the loss weight of each class, shape (3,), mean 1 over the labelled texts."""
    count = np.bincount(label[label != UNLABELLED], minlength=len(LABELS)).astype(np.float64)
    power = {"none": 0.0, "sqrt_balanced": 0.5, "balanced": 1.0}[rule]
    raw = np.maximum(count, 1.0) ** -power
    return np.asarray(raw * count.sum() / max(float(raw @ count), 1e-12))


def _loss(data: TrainingData, config: ClassifierFit) -> DistillationLoss:
    weights = class_weights(data.texts.label, config.class_weights)
    hard_weight, temperature = config.distilled() if data.soft is not None else (1.0, 1.0)
    return DistillationLoss(weights, config.label_smoothing, hard_weight, temperature)


def _measure(evaluated: Any) -> dict[str, float]:
    predicted = np.asarray(evaluated.predictions).argmax(axis=1)
    return {
        "macro_f1": macro_f1(evaluated.label_ids, predicted),
        "accuracy": accuracy(evaluated.label_ids, predicted),
    }
