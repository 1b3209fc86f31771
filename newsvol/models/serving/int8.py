"""INT8: weights rounded to 8 bits with a step a channel, what that model is called, and where it is kept."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from newsvol.engine.hashes import text_hash
from newsvol.models.cache import cache_folder, recall, remember

WEIGHT_LEVELS: Final = 63
"""INT8 weights are kept to 7 bits: sums of two 8-bit products can saturate on processors without VNNI."""

_INT8_SCHEME: Final = "int8-1: weights symmetric 7 bit by output channel, words 8 bit by row, inputs dynamic"
_STATIC_SCHEME: Final = f"{_INT8_SCHEME.removesuffix('dynamic')}static"
"""Parts of the hash of an INT8 model, and so of its place in the cache: change them with the graph."""


def quantised(matrix: NDArray[Any], axis: int, levels: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return `matrix` as whole numbers in [-levels, levels], and the step by which each slice is multiplied.

    Symmetric, one step for each slice that remains when `axis` is reduced.
    """
    step = np.abs(matrix).max(axis=axis).astype(np.float32) / np.float32(levels)
    step[step == 0] = 1.0
    whole = np.rint(matrix / np.expand_dims(step, axis)).astype(np.int8)
    return whole, step


def int8_hash(model_hash: str, ranges: Mapping[str, tuple[float, float]] | None) -> str:
    """Return the hash of a model rounded to INT8, static if there are `ranges`."""
    scheme = _INT8_SCHEME if ranges is None else f"{_STATIC_SCHEME}\n{sorted(ranges.items())}"
    return text_hash(f"{model_hash}\n{scheme}")


def int8_file(model_hash: str, cache: Path | None = None) -> Path:
    """Return where the INT8 model of that hash is kept; `cache` is the user's by default."""
    return (cache or cache_folder("models")) / f"{model_hash.removeprefix('sha256:')[:40]}.onnx.checked"


def made_once(model_hash: str, make: Callable[[], bytes], cache: Path | None = None) -> bytes:
    """Return the INT8 model of that hash: from the cache, or made and remembered."""
    file = int8_file(model_hash, cache)
    known = recall(file)
    if known is not None:
        return known
    made = make()
    remember(file, made)
    return made
