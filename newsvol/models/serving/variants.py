"""Models by name: the shipped ones, folders, and either of them rounded to INT8.

``NAME-int8`` is NAME with 8-bit weights, made from its safetensors on first use and kept in the user's cache:
its activations are rounded by their own range. With ``NAME-int8-static`` they are rounded by ranges that were
measured before, and lie in the folder.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsvol.engine.errors import ModelError, UnknownNameError
from newsvol.models.checkpoint import SHIPPED, Checkpoint, open_checkpoint
from newsvol.models.serving.int8 import int8_hash, made_once
from newsvol.models.serving.onnx_bert import Precision, Ranges, bert_graph, is_plain_bert
from newsvol.models.serving.static_int8 import read_ranges
from newsvol.models.serving.weights import read_weights

INT8_SUFFIX: Final = "-int8"
STATIC_SUFFIX: Final = "-int8-static"
_SUFFIXES: Final = (INT8_SUFFIX, STATIC_SUFFIX)


@dataclass(frozen=True)
class Variant:
    """A checked model folder, and in which numbers it is to be served.

    Attributes
    ----------
    name, model_hash : str
        As its scorer says them; equal hashes score equally.
    ranges : mapping or None
        Of static INT8.
    """

    name: str
    model_hash: str
    checkpoint: Checkpoint
    precision: Precision
    ranges: Ranges | None = None


def known_names() -> list[str]:
    """Return the names that `open_variant` knows without a folder."""
    return [shipped + suffix for shipped in SHIPPED for suffix in ("", *_SUFFIXES)]


def open_variant(model: str | Path) -> Variant:
    """Find and check a model: a shipped name or a folder, alone or with ``-int8`` or ``-int8-static``.

    Raises
    ------
    UnknownNameError, ModelError
        As `open_checkpoint`; INT8 of something that is not a BERT classifier, or static INT8 of a folder
        that was not calibrated.
    """
    text = str(model)
    suffix = "" if Path(text).is_dir() else next((end for end in _SUFFIXES if text.endswith(end)), "")
    folder = text.removesuffix(suffix)
    if folder not in SHIPPED and not Path(folder).is_dir() and Path(text).name == text:
        raise UnknownNameError("model", text, known_names())
    checkpoint = open_checkpoint(folder)
    if not suffix:
        return Variant(checkpoint.name, checkpoint.model_hash, checkpoint, "fp32")
    if not is_plain_bert(checkpoint.config):
        kind = checkpoint.config.get("model_type")
        raise ModelError(f"{suffix} is for BERT classifiers, {checkpoint.folder} is {kind!r}; leave it out")
    ranges = read_ranges(checkpoint) if suffix == STATIC_SUFFIX else None
    return Variant(
        f"{checkpoint.name}{suffix}", int8_hash(checkpoint.model_hash, ranges), checkpoint, "int8", ranges
    )


def onnx_model(variant: Variant, cache: Path | None = None) -> bytes:
    """Return the ONNX model of `variant`: INT8 from the cache, FP32 made anew.

    Parameters
    ----------
    cache : Path, optional
        Folder of the cache; the user's by default.

    Raises
    ------
    ModelError
        Weights are missing, unknown or of another shape, or of a type NumPy does not have (bfloat16).
    """
    checkpoint = variant.checkpoint
    if variant.precision == "fp32":
        return bert_graph(checkpoint.config, read_weights(checkpoint))
    return made_once(
        variant.model_hash,
        lambda: bert_graph(checkpoint.config, read_weights(checkpoint), "int8", variant.ranges),
        cache,
    )


def size_on_disk(variant: Variant) -> int:
    """Return the bytes of what is loaded: weights (or the INT8 model), tokenizer, configuration."""
    checkpoint = variant.checkpoint
    about = [checkpoint.tokenizer_file, checkpoint.folder / "config.json"]
    if variant.precision == "fp32":
        return sum(file.stat().st_size for file in (*about, *checkpoint.weights))
    return sum(file.stat().st_size for file in about) + len(onnx_model(variant))
