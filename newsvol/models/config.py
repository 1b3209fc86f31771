"""What every recipe file shares: YAML with its base underneath, checked, all its faults told at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from newsvol.engine.errors import RecipeError, nearest

Share = Annotated[float, Field(gt=0, lt=1)]
Layers = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]

Content = dict[str, Any]


class Config(BaseModel):
    """A block of a recipe: it cannot be changed and refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


C = TypeVar("C", bound=Config)


class _Loader(yaml.SafeLoader):
    """YAML in which a key may stand once: the last of two would win without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} stands twice", key_node.start_mark
                )
            if isinstance(key, str | int):
                seen.add(key)
        return super().construct_mapping(node, deep)


def parse_yaml(text: str, where: str) -> Any:
    """Return what the YAML in `text` says.

    Raises
    ------
    RecipeError
        It is no YAML, or a key stands twice.
    """
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # no such date, too many digits, too deep
        raise RecipeError(f"{where} is not YAML: {' '.join(str(error).split())}") from error


def read_yaml(file: Path, hint: str) -> Content:
    """Return the keys of a recipe file.

    Parameters
    ----------
    hint : str
        What to do where the file holds no keys.

    Raises
    ------
    RecipeError
        The file cannot be read, is no YAML, or holds no keys.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(f"cannot read recipe {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"cannot read recipe {file}: {error}") from error
    return require_keys(parse_yaml(text, str(file)), str(file), hint)


def require_keys(content: object, where: str, hint: str) -> Content:
    """Return `content` if it is a mapping; raise `RecipeError` otherwise."""
    if not isinstance(content, dict):
        raise RecipeError(f"{where} holds no keys; {hint}")
    return content


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> Content:
    """Return `under` with the changes of `over`: blocks key by key, anything else as a whole.

    A block whose keys are numbers (a map of layers) is replaced as a whole too.
    """
    both = dict(under)
    for key, value in over.items():
        block = isinstance(value, Mapping) and not any(isinstance(name, int) for name in value)
        if block and isinstance(under.get(key), Mapping):
            both[key] = merged(under[key], value)
        else:
            both[key] = value
    return both


def checked(model: type[C], content: object, where: str) -> C:
    """Return `content` as a `model`.

    Raises
    ------
    RecipeError
        Keys or values are wrong; one line that tells them all, each with its key and the nearest right one.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        # a mistyped key is also a missing one: the typo is what the user can mend
        faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        raise RecipeError(f"{where}: {'; '.join(_told(model, fault) for fault in faults)}") from None


def known_keys(model: type[BaseModel], place: Sequence[int | str] = ()) -> list[str]:
    """Return the keys that a recipe may have at `place`; none where anything goes."""
    inner: type[BaseModel] | None = model
    for step in place:
        if isinstance(step, str):
            field = inner.model_fields.get(step) if inner is not None else None
            inner = None if field is None else _block_in(field.annotation)
    return [] if inner is None else list(inner.model_fields)


def all_keys(model: type[BaseModel], prefix: str = "") -> Iterable[str]:
    """Yield every key of a recipe in dotted form: ``latency.model``."""
    for name, field in model.model_fields.items():
        block = _block_in(field.annotation)
        if block is None:
            yield f"{prefix}{name}"
        else:
            yield from all_keys(block, f"{prefix}{name}.")


def _told(model: type[BaseModel], fault: Any) -> str:
    place = fault["loc"]
    key = ".".join(str(step) for step in place) or "recipe"
    if fault["type"] == "extra_forbidden":
        known = known_keys(model, place[:-1])
        return f"unknown key {key!r}{nearest(str(place[-1]), known)}; known here: {', '.join(known)}"
    if fault["type"] == "missing":
        return f"key {key!r} is missing"
    message: str = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "value_error" and isinstance(fault["input"], Mapping):
        return f"key {key!r}: {message}"  # a check of a whole block says itself what it found
    return f"key {key!r}: {message[:1].lower()}{message[1:]}, got {_short(fault['input'])}"


def _short(value: object, most: int = 60, show: Callable[[object], str] = repr) -> str:
    shown = show(value)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _block_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_block_in(inner) for inner in get_args(annotation) if inner not in (type(None), ...))
    return next((block for block in found if block is not None), None)
