"""What the stages of a training run share: recipe, starts, device, and where progress is told."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from newsvol.engine.errors import OutputError
from newsvol.engine.hashes import short_hash
from newsvol.models.networks.bert import cut, load_start
from newsvol.models.networks.qat import require_torchao
from newsvol.models.networks.starting_weights import start_folder
from newsvol.models.sentiment.recipe import TrainingRecipe
from newsvol.models.training.fit import FitSetting
from newsvol.models.training.tracking import require_tracker

Say = Callable[[str], None]


@dataclass(frozen=True)
class TrainingContext:
    """What the stages of a run share: recipe, start, device, and where progress is told.

    Attributes
    ----------
    folder, teacher_folder : Path
        The recipe's start, and the teachers', which is the same unless they have their own.
    work : Path or None
        Where checkpoints and the teachers' answers are left, so that a killed run goes on from them, and
        recipes with the same teachers share those.
    """

    recipe: TrainingRecipe
    folder: Path
    teacher_folder: Path
    device: str
    say: Say
    progress: bool = True
    work: Path | None = None
    download: bool = False

    def setting(self, seed: int, checkpoints: Path | None) -> FitSetting:
        """Return where and how a fit with `seed` runs."""
        recipe = self.recipe
        return FitSetting(self.device, recipe.precision, seed, self.progress, checkpoints, recipe.track)

    def student_setting(self, seed: int, stage: Literal["fit", "recovery"]) -> FitSetting:
        """Return the same for a student's fit.

        It belongs to every recipe that differs only in its name, in repeats, or in what comes after it.
        """
        if self.work is None:
            return self.setting(seed, None)
        recipe = self.recipe
        student = recipe.student.model_copy(update={"repeats": ()})
        if stage == "fit" and not student.quantization_aware:  # pruning decides which fit is rounded
            student = student.model_copy(update={"prune": None})
        recipe = recipe.model_copy(update={"name": stage, "student": student})
        owner = short_hash(recipe.content_hash())
        return self.setting(seed, self.work / f"student-{owner}" / f"{stage}-{seed}")

    def teacher_network(self, seed: int) -> Any:
        """Return the teachers' start, cut to their layers."""
        assert self.recipe.teacher is not None
        network, layers = load_start(self.teacher_folder, seed), self.recipe.teacher.layers
        return network if layers is None else cut(network, layers)


def open_context(
    recipe: TrainingRecipe,
    device: str,
    download: bool,
    say: Say,
    progress: bool = True,
    work: Path | None = None,
) -> TrainingContext:
    """Return the context of a run; the device was resolved by the caller ("cpu" or "cuda").

    Raises
    ------
    InputError
        The recipe needs a package that is not installed.
    ModelError
        A start is found nowhere.
    OutputError
        Nothing can be written to `work`.
    """
    require_tracker(recipe.track)
    if recipe.student.quantization_aware:
        require_torchao()
    folder = teacher_folder = start_folder(recipe.start, download)
    if recipe.teacher is not None and recipe.teacher.start is not None:
        teacher_folder = start_folder(recipe.teacher.start, download)
    if work is not None:
        try:
            work.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot write {work}: {error.strerror}; name another folder") from error
    return TrainingContext(recipe, folder, teacher_folder, device, say, progress, work, download)
