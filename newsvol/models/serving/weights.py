"""Weights of a BERT classifier, read from its safetensors without torch."""

import math

import numpy as np
from safetensors import safe_open

from newsvol.engine.errors import ModelError
from newsvol.models.checkpoint import Checkpoint, require_same_weights
from newsvol.models.serving.onnx_bert import WORDS, Weights, weight_shapes


def read_weights(checkpoint: Checkpoint) -> Weights:
    """Return every tensor by name, in float32 (word embeddings as they are stored).

    Raises
    ------
    ModelError
        Weights are missing, unknown or of another shape, or of a type NumPy does not have (bfloat16).
    """
    shapes: dict[str, list[int]] = {}
    weights = {}
    for file in checkpoint.weights:
        with safe_open(file, framework="numpy") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - not a mapping
                part = tensors.get_slice(name)
                shapes[name] = part.get_shape()
                if part.get_dtype() not in ("F16", "F32"):
                    raise ModelError(
                        f"{file}: {name} is {part.get_dtype()}; save the model in float16 or float32"
                    )
                value = tensors.get_tensor(name)
                weights[name] = value if name == WORDS else value.astype(np.float32)
    require_same_weights(checkpoint.folder, weight_shapes(checkpoint.config), shapes)
    return weights


def count_parameters(checkpoint: Checkpoint) -> int:
    """Return how many numbers the safetensors of a model hold, whatever its architecture."""
    total = 0
    for file in checkpoint.weights:
        with safe_open(file, framework="numpy") as tensors:
            total += sum(math.prod(tensors.get_slice(name).get_shape()) for name in tensors.keys())  # noqa: SIM118
    return total
