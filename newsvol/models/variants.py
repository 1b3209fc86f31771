"""Models by name: the shipped ones, folders, and either of them rounded to INT8.

``NAME-int8`` is NAME with 8-bit weights, made from its safetensors on first use and kept in the user's cache.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsvol.engine.errors import ModelError, UnknownNameError
from newsvol.models.cache import cache_folder, recall, remember
from newsvol.models.checkpoint import SHIPPED, Checkpoint, open_checkpoint
from newsvol.models.onnx_bert import Precision, bert_graph, is_plain_bert
from newsvol.models.weights import read_weights

INT8_SUFFIX: Final = "-int8"
_INT8_SCHEME: Final = "int8-1: weights symmetric 7 bit by output channel, words 8 bit by row, inputs dynamic"
"""Part of the hash of an INT8 model, and so of its place in the cache: change it with the graph."""


@dataclass(frozen=True)
class Variant:
    """A checked model folder, and in which numbers it is to be served.

    Attributes
    ----------
    name, model_hash : str
        As its scorer says them; equal hashes score equally.
    """

    name: str
    model_hash: str
    checkpoint: Checkpoint
    precision: Precision


def known_names() -> list[str]:
    """Return the names that `open_variant` knows without a folder."""
    return [name for shipped in SHIPPED for name in (shipped, shipped + INT8_SUFFIX)]


def open_variant(model: str | Path) -> Variant:
    """Find and check a model: a shipped name or a folder, with or without ``-int8``.

    Raises
    ------
    UnknownNameError, ModelError
        As `open_checkpoint`; and INT8 of something that is not a BERT classifier.
    """
    text = str(model)
    whole = Path(text).is_dir() or not text.endswith(INT8_SUFFIX)
    folder = text if whole else text.removesuffix(INT8_SUFFIX)
    if folder not in SHIPPED and not Path(folder).is_dir() and Path(text).name == text:
        raise UnknownNameError("model", text, known_names())
    checkpoint = open_checkpoint(folder)
    if whole:
        return Variant(checkpoint.name, checkpoint.model_hash, checkpoint, "fp32")
    if not is_plain_bert(checkpoint.config):
        kind = checkpoint.config.get("model_type")
        raise ModelError(
            f"{INT8_SUFFIX} is for BERT classifiers, {checkpoint.folder} is {kind!r}; leave it out"
        )
    digest = hashlib.sha256(f"{checkpoint.model_hash}\n{_INT8_SCHEME}".encode()).hexdigest()
    return Variant(f"{checkpoint.name}{INT8_SUFFIX}", f"sha256:{digest}", checkpoint, "int8")


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
    file = int8_file(variant, cache)
    known = recall(file)
    if known is not None:
        return known
    made = bert_graph(checkpoint.config, read_weights(checkpoint), "int8")
    remember(file, made)
    return made


def int8_file(variant: Variant, cache: Path | None = None) -> Path:
    """Return where the INT8 model of `variant` is kept."""
    return (
        cache or cache_folder("models")
    ) / f"{variant.model_hash.removeprefix('sha256:')[:40]}.onnx.checked"


def size_on_disk(variant: Variant) -> int:
    """Return the bytes of what is loaded: weights (or the INT8 model), tokenizer, configuration."""
    checkpoint = variant.checkpoint
    about = [checkpoint.tokenizer_file, checkpoint.folder / "config.json"]
    if variant.precision == "fp32":
        return sum(file.stat().st_size for file in (*about, *checkpoint.weights))
    return sum(file.stat().st_size for file in about) + len(onnx_model(variant))
