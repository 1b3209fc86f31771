"""The one training loop, by the Trainer of transformers: what is learned and measured is given."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import torch
from transformers import EarlyStoppingCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from newsvol.engine.errors import DeviceError, InputError
from newsvol.models.networks.lora import merge_adapters, with_adapters
from newsvol.models.training.batches import FORWARD_BATCH
from newsvol.models.training.config import Fit
from newsvol.models.training.intermediate import IntermediateTeacher
from newsvol.models.training.tracking import TRACKING, Track, tracked

Row: TypeAlias = dict[str, Any]
Batch: TypeAlias = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Task:
    """What a network learns in one fit.

    Attributes
    ----------
    rows : sequence of dict
        The examples.
    collate : callable
        Makes a batch of some of them.
    inputs : tuple of str
        What of a batch the network is given.
    objective : callable
        Mean loss of the network's outputs on a batch.
    teacher : IntermediateTeacher or None
        A network whose insides are imitated; its loss is added while training.
    validation : sequence of dict or None
        What early stopping looks at, by `measure`; higher is better for the measure called `best`.
    targets : tuple of str
        What of a batch `measure` is given as labels.
    head : tuple of str
        Modules that learn at ``Fit.head_learning_rate``.
    """

    rows: Sequence[Row]
    collate: Callable[[Sequence[Row]], Batch]
    inputs: tuple[str, ...]
    objective: Callable[[Any, Batch], torch.Tensor]
    teacher: IntermediateTeacher | None = None
    validation: Sequence[Row] | None = None
    measure: Callable[[Any], Mapping[str, float]] | None = None
    best: str = ""
    targets: tuple[str, ...] = ("label",)
    head: tuple[str, ...] = ()


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


def fit(network: Any, task: Task, config: Fit, setting: FitSetting) -> None:
    """Train `network` in place, with adapters that are merged at the end if `config.lora` asks for them.

    Raises
    ------
    DeviceError
        FP16 on a CPU.
    InputError
        Early stopping without validation examples, or tracking without its package.
    """
    if config.patience is not None and not task.validation:
        raise InputError("patience needs validation texts; leave it out, or raise split.validation")
    trained = network if config.lora is None else with_adapters(network, config.lora)
    evaluated: dict[str, Any] = {}
    callbacks = [*setting.callbacks]
    if config.patience is not None:
        evaluated = {"eval_dataset": task.validation, "compute_metrics": task.measure}
        callbacks.append(EarlyStoppingCallback(config.patience))
    with ExitStack() as stack:
        folder = setting.checkpoints or Path(stack.enter_context(TemporaryDirectory()))
        if task.teacher is not None:
            task.teacher.open()
            stack.callback(task.teacher.close)
        trackers = stack.enter_context(tracked(setting.track, setting.tracking, f"seed-{setting.seed}"))
        trainer = _TaskTrainer(
            task,
            config.head_learning_rate,
            model=trained,
            args=_arguments(task, config, setting, folder),
            train_dataset=task.rows,
            data_collator=task.collate,
            callbacks=[*callbacks, *trackers],
            **evaluated,
        )
        trainer.train(resume_from_checkpoint=_last_checkpoint(folder))
    if config.lora is not None:
        merge_adapters(trained)
    network.eval()


def _last_checkpoint(folder: Path) -> str | None:
    last: Any = get_last_checkpoint
    return last(folder) if folder.is_dir() else None


def _arguments(task: Task, config: Fit, setting: FitSetting, folder: Path) -> TrainingArguments:
    if setting.precision == "fp16" and setting.device == "cpu":
        raise DeviceError("precision fp16 needs CUDA; on a CPU use bf16 or fp32")
    evaluates = config.patience is not None
    return TrainingArguments(
        output_dir=str(folder),
        save_strategy="epoch" if evaluates or setting.checkpoints is not None else "no",
        save_total_limit=1,
        eval_strategy="epoch" if evaluates else "no",
        load_best_model_at_end=evaluates,
        metric_for_best_model=task.best if evaluates else None,
        per_device_eval_batch_size=FORWARD_BATCH,
        label_names=[*task.targets],
        report_to="none",
        num_train_epochs=config.epochs,
        learning_rate=config.learning_rate,
        per_device_train_batch_size=config.batch,
        warmup_steps=config.warmup,
        weight_decay=config.weight_decay,
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


class _TaskTrainer(Trainer):
    """A Trainer whose loss is the task's objective, and maybe a teacher's insides."""

    def __init__(self, task: Task, head_rate: float | None, **options: Any) -> None:
        super().__init__(**options)
        self.task: Task = task
        self.head_rate: float | None = head_rate

    def create_optimizer(self, model: Any = None) -> Any:
        optimizer = super().create_optimizer(model)
        if self.head_rate is not None:
            _set_rate(optimizer, _parameters_of(self.model, self.task.head), self.head_rate)
        return optimizer

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        outputs = model(**{name: inputs[name] for name in self.task.inputs})
        loss = self.task.objective(outputs, inputs)
        if self.task.teacher is not None and model.training:
            loss = loss + self.task.teacher.loss(inputs)
        return (loss, outputs) if return_outputs else loss


def _parameters_of(network: Any, modules: Sequence[str]) -> set[torch.nn.Parameter]:
    """Return the parameters of the modules so called, as adapters may have wrapped them."""
    return {
        parameter
        for name, parameter in network.named_parameters()
        if not set(modules).isdisjoint(name.split("."))
    }


def _set_rate(optimizer: torch.optim.Optimizer, chosen: set[torch.nn.Parameter], rate: float) -> None:
    """Move parameters into groups of their own, with another learning rate and all else unchanged."""
    for group in list(optimizer.param_groups):
        moved = [parameter for parameter in group["params"] if parameter in chosen]
        group["params"] = [parameter for parameter in group["params"] if parameter not in chosen]
        if moved:
            optimizer.add_param_group({**group, "params": moved, "lr": rate})
