"""Model folders: found, checked against their pins, and never half loaded.

A model folder is a plain Hugging Face one: ``config.json``, ``tokenizer.json`` and safetensors. Where
``SHA256SUMS`` lies beside them (as in the shipped student), every file it names must match.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open

from newsvol.engine.errors import ModelError, UnknownNameError
from newsvol.engine.hashes import file_hash, text_hash
from newsvol.models.labels import LABELS

SHIPPED: Final = {"student": Path(__file__).parent / "sentiment" / "student"}
"""Models that come with the package, by name."""

PINS: Final = "SHA256SUMS"
RANGES: Final = "activation_ranges.json"
"""What static INT8 needs besides the weights; see `activation_ranges`. It is no part of the model hash."""

_PICKLED: Final = ("pytorch_model*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")


@dataclass(frozen=True)
class Checkpoint:
    """A model folder that passed its checks.

    Attributes
    ----------
    name : str
        The shipped name, or the folder's.
    model_hash : str
        ``sha256:...`` over configuration, tokenizer and weights; equal models score equally.
    config : mapping
        ``config.json``.
    weights : sequence of Path
        Safetensors files, one or its shards.
    columns : tuple of int
        Where negative, neutral and positive stand among the model's own outputs.
    """

    name: str
    folder: Path
    model_hash: str
    config: Mapping[str, Any]
    weights: Sequence[Path]
    columns: tuple[int, ...]

    @property
    def tokenizer_file(self) -> Path:
        """Where the tokenizer is."""
        return self.folder / "tokenizer.json"


def open_checkpoint(model: str | Path) -> Checkpoint:
    """Find and check a model: the name of a shipped one, or a folder.

    Raises
    ------
    UnknownNameError
        Neither a shipped name nor a folder.
    ModelError
        A file is missing, differs from its pin, is pickled or damaged, or the labels are not the three tones.
    """
    folder = SHIPPED.get(str(model), Path(model))
    if not folder.is_dir():
        if Path(model).name == str(model):
            raise UnknownNameError("model", str(model), SHIPPED)
        raise ModelError(f"no model folder at {folder}; name a folder, or one of: {', '.join(SHIPPED)}")
    weights = _weight_files(folder)
    for name in ("config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise ModelError(
                f"{folder} has no {name}; save model and tokenizer with save_pretrained into one folder"
            )
    digests = {
        file.name: file_hash(file) for file in (folder / "config.json", folder / "tokenizer.json", *weights)
    }
    ranges = folder / RANGES
    _check_pins(folder, digests | ({RANGES: file_hash(ranges)} if ranges.is_file() else {}))
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, too many digits, too deep
        raise ModelError(f"{folder / 'config.json'} is not JSON: {error}") from error
    if not isinstance(config, dict):
        raise ModelError(
            f"{folder / 'config.json'} is not a JSON object; it must be a transformers configuration"
        )
    for key, kind in (("architectures", list), ("model_type", str), ("id2label", dict)):
        if not isinstance(config.get(key), kind | None):
            raise ModelError(f"{folder / 'config.json'}: {key} is no {kind.__name__}; fetch the model again")
    return Checkpoint(
        name=str(model) if str(model) in SHIPPED else folder.name,
        folder=folder,
        model_hash=text_hash("\n".join(f"{digests[name]}  {name}" for name in sorted(digests))),
        config=config,
        weights=weights,
        columns=_columns(folder, config),
    )


def write_pins(folder: Path) -> None:
    """Pin every file of `folder` as it is now."""
    lines = [f"{file_hash(file)}  {file.name}\n" for file in sorted(folder.iterdir()) if file.name != PINS]
    (folder / PINS).write_text("".join(lines), encoding="utf-8")


def require_same_weights(
    folder: Path, expected: Mapping[str, Sequence[int]], actual: Mapping[str, Sequence[int]]
) -> None:
    """Raise `ModelError` unless the tensors found are just the expected ones, by name and shape."""
    for fault, names in (
        ("lacks", expected.keys() - actual.keys()),
        ("has unknown", actual.keys() - expected.keys()),
    ):
        if names:
            raise ModelError(
                f"{folder} {fault} weights {listed(names)}; the checkpoint does not fit its config.json"
            )
    for name, shape in expected.items():
        if tuple(actual[name]) != tuple(shape):
            raise ModelError(f"{folder}: {name} has shape {[*actual[name]]}, config.json asks for {[*shape]}")


def listed(names: Iterable[str], most: int = 3) -> str:
    """Return the first names, and how many more there are."""
    ordered = sorted(names)
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return f"{', '.join(ordered[:most])}{more}"


def _weight_files(folder: Path) -> list[Path]:
    single = folder / "model.safetensors"
    files = [single] if single.is_file() else sorted(folder.glob("model-*-of-*.safetensors"))
    if not files:
        pickled = sorted(file.name for pattern in _PICKLED for file in folder.glob(pattern))
        if pickled:
            raise ModelError(
                f"{folder} has only pickled weights ({listed(pickled)}), which can run code when opened; "
                "save it again with save_pretrained (safetensors)"
            )
        raise ModelError(f"{folder} has no model.safetensors")
    for file in files:
        try:
            with safe_open(file, framework="numpy"):
                pass
        except (SafetensorError, OSError) as error:
            raise ModelError(
                f"{file} is not a readable safetensors file ({error}); fetch it again"
            ) from error
    return files


def _check_pins(folder: Path, digests: Mapping[str, str]) -> None:
    file = folder / PINS
    if not file.is_file():
        if folder in SHIPPED.values():
            raise ModelError(f"{folder} has no {PINS}; the installation is damaged, install newsvol again")
        return
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        pins = {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}
    except ValueError as error:  # no UTF-8, or a line of less than two words
        raise ModelError(f"{file} is damaged ({error}); fetch it again") from error
    for name, actual in digests.items():
        if name not in pins:
            raise ModelError(f"{folder / name} is not pinned in {PINS}; pin it, or remove {PINS}")
        if pins[name] != actual:
            raise ModelError(
                f"{folder / name} is not the pinned file: expected sha256 {pins[name]}, found {actual}"
            )


def _columns(folder: Path, config: Mapping[str, Any]) -> tuple[int, ...]:
    names = {str(label).lower(): number for number, label in (config.get("id2label") or {}).items()}
    if sorted(names) != sorted(LABELS) or sorted(names.values()) != ["0", "1", "2"]:
        raise ModelError(
            f"{folder / 'config.json'}: id2label is {listed(names, 5) or 'missing'}, not {', '.join(LABELS)}"
        )
    return tuple(int(names[label]) for label in LABELS)
