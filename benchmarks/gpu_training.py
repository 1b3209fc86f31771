"""How long an epoch of training takes in FP32 and with mixed precision; `gpu.py` runs it."""

import statistics
import sys
from contextlib import redirect_stdout
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import torch
import transformers

from newsvol.models.checkpoint import SHIPPED
from newsvol.models.networks.bert import load_start, start_tokenizer
from newsvol.models.networks.transformers_logging import hushed
from newsvol.models.sentiment.classifier import TrainingData, fit_classifier
from newsvol.models.sentiment.recipe import load_training_recipe
from newsvol.models.text.sources import read_source
from newsvol.models.text.texts import without_duplicates
from newsvol.models.training.fit import FitSetting

EPOCHS = 4


class EpochClock(transformers.TrainerCallback):  # type: ignore[misc]
    """Times every epoch, from its first step to the end of all that was queued, and keeps the mean loss."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.begun = 0.0
        self.seconds: list[float] = []
        self.loss = float("nan")

    def on_epoch_begin(self, *_: Any, **__: Any) -> None:
        """Start the clock."""
        self.begun = self._now()

    def on_epoch_end(self, *_: Any, **__: Any) -> None:
        """Stop it."""
        self.seconds.append(self._now() - self.begun)

    def on_log(self, *_: Any, logs: dict[str, float] | None = None, **__: Any) -> None:
        """Keep the mean loss of the whole fit_classifier, which the Trainer logs at its end."""
        self.loss = (logs or {}).get("train_loss", self.loss)

    def _now(self) -> float:
        if self.device == "cuda":
            torch.cuda.synchronize()
        return perf_counter()


def time_training(device: Literal["cpu", "cuda"], data: Path, count: int) -> dict[str, Any]:
    """Return seconds per epoch of fine-tuning by network and precision, without the first epoch.

    The student by its recipe, on labels alone, and on a GPU a network of BERT-base's shape with random
    weights, on PhraseBank sentences. The loss is the fit's mean: the precisions learn alike, or the time
    means nothing.
    """
    recipe = load_training_recipe("student")
    texts = without_duplicates(read_source(recipe.evaluated, data, 0))
    lesson = TrainingData(texts.take(slice(count)))
    tokenizer = start_tokenizer(SHIPPED["student"], recipe.max_length)
    how = recipe.student.model_copy(update={"epochs": float(EPOCHS), "patience": None})
    networks = {"student": lambda: load_start(SHIPPED["student"], 0)}
    precisions = ["fp32", "bf16"]
    if device == "cuda":
        networks["bert-base"] = _bert_base
        precisions.append("fp16")
    rows: dict[str, Any] = {"texts": len(lesson.texts), "batch": how.batch, "epochs_timed": EPOCHS - 1}
    for name, made in networks.items():
        rows[name] = {}
        for precision in precisions:
            clock = EpochClock(device)
            setting = FitSetting(device, precision, seed=0, progress=False, callbacks=(clock,))
            with hushed(), redirect_stdout(sys.stderr):  # the Trainer prints its losses
                fit_classifier(made(), tokenizer, lesson, how, setting)
            rows[name][precision] = {
                "seconds_per_epoch": round(statistics.median(clock.seconds[1:]), 3),
                "mean_loss": round(clock.loss, 4),
            }
        whole = rows[name]["fp32"]["seconds_per_epoch"]
        for row in rows[name].values():
            row["times_as_fast_as_fp32"] = round(whole / max(row["seconds_per_epoch"], 1e-3), 2)
    return rows


def _bert_base() -> Any:
    library: Any = transformers
    torch.manual_seed(0)
    with hushed():
        return library.BertForSequenceClassification(library.BertConfig(num_labels=3))
