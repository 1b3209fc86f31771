"""How far a network's activations reach, as it lies in a model folder for static INT8."""

import json

from newsvol.engine.errors import ModelError
from newsvol.models.checkpoint import RANGES, Checkpoint
from newsvol.models.onnx_bert import Ranges, product_inputs


def read_ranges(checkpoint: Checkpoint) -> Ranges:
    """Return the ranges that lie in a model folder.

    Raises
    ------
    ModelError
        There are none, they are of other weights, or they are not numbers for every activation.
    """
    file = checkpoint.folder / RANGES
    again = f"run newsvol sentiment calibrate {checkpoint.folder} --data TEXTS"
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
        ranges = {name: (float(low), float(high)) for name, (low, high) in about["ranges"].items()}
        model = about["model"]
    except OSError as error:
        raise ModelError(f"{checkpoint.folder} has no {RANGES}; {again}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{file} does not hold ranges; {again}") from error
    if model != checkpoint.model_hash:
        raise ModelError(f"{file} is of other weights ({model}); {again}")
    missing = set(product_inputs(checkpoint.config)) - ranges.keys()
    if missing or not all(low < high for low, high in ranges.values()):
        raise ModelError(f"{file} does not hold ranges of every activation; {again}")
    return ranges
