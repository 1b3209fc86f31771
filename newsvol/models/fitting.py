"""Fine-tuning and distillation of a classifier, by the Trainer of transformers."""

from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy, log_softmax
from transformers import Trainer, TrainingArguments

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.models.corpus import UNLABELLED, Strings, Texts
from newsvol.models.labels import LABELS
from newsvol.models.training_recipe import Fit, Student

_FORWARD_BATCH: Final = 128


@dataclass(frozen=True)
class FitSetting:
    """Where and how a fit runs: what is not the recipe's business, and what its parts share."""

    device: str
    precision: str
    seed: int
    progress: bool = True


def fit(
    network: Any, tokenizer: Tokenizer, texts: Texts, how: Fit, setting: FitSetting, soft: Any = None
) -> None:
    """Train `network` in place.

    Parameters
    ----------
    texts : Texts
        N texts; those without a label need `soft`.
    soft : FloatArray, shape (N, 3), optional
        Teacher's probabilities, at temperature 1; `how` must be a `Student` then.
    """
    encodings = tokenizer.encode_batch_fast(list(texts.text))
    targets = np.zeros((len(texts), len(LABELS))) if soft is None else soft
    rows = [
        {"input_ids": encoding.ids, "label": int(label), "soft": target.tolist()}
        for encoding, label, target in zip(encodings, texts.label, targets, strict=True)
    ]
    weights = class_weights(texts.label, how.class_weights)
    objective = _Objective.of(how, weights, with_teacher=soft is not None)
    with TemporaryDirectory() as scratch:
        arguments = _arguments(how, setting, scratch)
        _Distiller(
            objective, model=network, args=arguments, train_dataset=rows, data_collator=_Padding(network)
        ).train()
    network.eval()


def _arguments(how: Fit, setting: FitSetting, scratch: str) -> TrainingArguments:
    return TrainingArguments(
        output_dir=scratch,  # transformers insists on one; nothing is saved
        save_strategy="no",
        report_to="none",
        num_train_epochs=how.epochs,
        learning_rate=how.learning_rate,
        per_device_train_batch_size=how.batch,
        warmup_steps=how.warmup,
        weight_decay=how.weight_decay,
        train_sampling_strategy="group_by_length",
        bf16=setting.precision == "bf16",
        use_cpu=setting.device == "cpu",
        seed=setting.seed,
        logging_steps=50,
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


@torch.inference_mode()
def predict(network: Any, tokenizer: Tokenizer, texts: Strings, precision: str) -> FloatArray:
    """Return the logits of `texts`, shape (N, 3), with the network where it is."""
    encodings = tokenizer.encode_batch_fast(list(texts))
    order = np.argsort([len(encoding.ids) for encoding in encodings], kind="stable")
    pad, device = _Padding(network), network.device
    logits = np.empty((len(texts), len(LABELS)))
    for start in range(0, len(order), _FORWARD_BATCH):
        rows = order[start : start + _FORWARD_BATCH]
        ids, mask = pad.ids_and_mask([encodings[row].ids for row in rows])
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            out = network(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
        logits[rows] = out.float().cpu().numpy()
    return logits


@dataclass(frozen=True)
class _Objective:
    """Hinton, Vinyals & Dean (2015): labels, and the teacher's probabilities softened by a temperature."""

    weights: FloatArray
    smoothing: float
    hard_weight: float
    temperature: float

    @classmethod
    def of(cls, how: Fit, weights: FloatArray, with_teacher: bool) -> "_Objective":
        if with_teacher and isinstance(how, Student):
            return cls(weights, how.label_smoothing, how.hard_weight, how.temperature)
        return cls(weights, how.label_smoothing, 1.0, 1.0)

    def __call__(self, logits: torch.Tensor, label: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
        loss = logits.new_zeros(())
        labelled = label != UNLABELLED
        if self.hard_weight > 0 and labelled.any():
            weights = torch.as_tensor(self.weights, dtype=logits.dtype, device=logits.device)
            each = cross_entropy(
                logits,
                label,
                weights,
                ignore_index=UNLABELLED,
                label_smoothing=self.smoothing,
                reduction="none",
            )
            loss = loss + self.hard_weight * each.sum() / len(label)
        if self.hard_weight < 1:
            warm = soft ** (1 / self.temperature)
            warm = warm / warm.sum(dim=1, keepdim=True)
            each = -(warm * log_softmax(logits / self.temperature, dim=1)).sum(dim=1)
            loss = loss + (1 - self.hard_weight) * self.temperature**2 * each.mean()
        return loss


class _Distiller(Trainer):
    """A Trainer whose loss takes labels and a teacher's probabilities."""

    def __init__(self, objective: _Objective, **options: Any) -> None:
        super().__init__(**options)
        self.objective: _Objective = objective

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        outputs = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
        loss = self.objective(outputs.logits.float(), inputs["label"], inputs["soft"])
        return (loss, outputs) if return_outputs else loss


class _Padding:
    """Pads a batch to its own longest text."""

    def __init__(self, network: Any) -> None:
        self.pad = network.config.pad_token_id or 0

    def ids_and_mask(self, ids: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        longest = max(map(len, ids))
        padded = torch.tensor([[*row, *[self.pad] * (longest - len(row))] for row in ids])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids])
        return padded, mask

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        ids, mask = self.ids_and_mask([row["input_ids"] for row in rows])
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "label": torch.tensor([row["label"] for row in rows]),
            "soft": torch.tensor([row["soft"] for row in rows], dtype=torch.float32),
        }
