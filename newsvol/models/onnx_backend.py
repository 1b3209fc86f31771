"""Serving with ONNX Runtime: a BERT classifier on a CPU, FP32, without torch."""

import os

import numpy as np
import onnxruntime
from safetensors import safe_open

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import ModelError
from newsvol.models.checkpoint import Checkpoint, require_same_weights
from newsvol.models.onnx_bert import Weights, bert_graph, weight_shapes


class OnnxBackend:
    """A hand-written BERT graph in an ONNX Runtime session.

    Raises
    ------
    ModelError
        Weights are missing, unknown or of another shape, or of a type NumPy does not have (bfloat16).
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _cores()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            bert_graph(checkpoint.config, _read(checkpoint)), options, providers=["CPUExecutionProvider"]
        )
        self.name = f"onnxruntime {onnxruntime.__version__}"
        self.device = "cpu"

    def logits(self, ids: IntArray, mask: IntArray) -> FloatArray:
        """Return logits, shape (B, 3) in the model's own order, of ids and mask of shape (B, T)."""
        feed = {"ids": ids.astype(np.int32), "mask": mask.astype(np.int32)}
        return np.asarray(self._session.run(["logits"], feed)[0], dtype=np.float64)


def _cores() -> int:
    # ONNX Runtime counts every core of the machine, also those that this process may not use.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read(checkpoint: Checkpoint) -> Weights:
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
                weights[name] = tensors.get_tensor(name).astype(np.float32)
    require_same_weights(checkpoint.folder, weight_shapes(checkpoint.config), shapes)
    return weights
