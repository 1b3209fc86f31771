"""What the stages of a training run share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsvol.engine.errors import InputError, OutputError
from newsvol.models.fitting import FitSetting, require_tracker
from newsvol.models.networks import cut, load_start, start_folder
from newsvol.models.qat import require_torchao
from newsvol.models.training_recipe import TrainingRecipe

Say = Callable[[str], None]


@dataclass(frozen=True)
class Bench:
    """What the stages of a run share: recipe, start, device, and where progress is told.

    Attributes
    ----------
    work : Path or None
        Where checkpoints and the teachers' answers are left, so that a killed run goes on from them.
    """

    recipe: TrainingRecipe
    folder: str
    device: str
    say: Say
    progress: bool = True
    work: Path | None = None
    download: bool = False

    def setting(self, seed: int, stage: str) -> FitSetting:
        """Return where and how a fit with `seed` runs; `stage` names its checkpoints."""
        checkpoints = None if self.work is None else self.work / f"{stage}-{seed}"
        recipe = self.recipe
        return FitSetting(self.device, recipe.precision, seed, self.progress, checkpoints, recipe.track)

    def network(self, layers: tuple[int, ...], seed: int) -> Any:
        """Return the start, cut to `layers`."""
        return cut(load_start(self.folder, seed), layers)


def open_bench(
    recipe: TrainingRecipe,
    device: str,
    download: bool,
    say: Say,
    progress: bool = True,
    work: Path | None = None,
) -> Bench:
    """Return the bench for a run; the device was resolved by the caller ("cpu" or "cuda").

    Raises
    ------
    InputError
        The recipe needs a package that is not installed, or `work` holds the work of another recipe.
    """
    require_tracker(recipe.track)
    if recipe.student.quantization_aware:
        require_torchao()
    if work is not None:
        claim(work, recipe)
    return Bench(recipe, start_folder(recipe.start, download), device, say, progress, work, download)


def claim(work: Path, recipe: TrainingRecipe) -> None:
    """Make `work` the folder of `recipe`.

    Raises
    ------
    InputError
        Another recipe's checkpoints lie there.
    OutputError
        Nothing can be written there.
    """
    owner = work / "recipe-hash"
    try:
        work.mkdir(parents=True, exist_ok=True)
        before = owner.read_text(encoding="utf-8") if owner.is_file() else recipe.content_hash()
        owner.write_text(before, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {work}: {error.strerror}; name another folder") from error
    if before != recipe.content_hash():
        raise InputError(
            f"{work} holds the work of another recipe (or of this one before an edit); name another folder"
        )
