"""Serving with ONNX Runtime: a BERT classifier on a CPU, FP32 or INT8, without torch."""

import numpy as np
import onnxruntime

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.models.serving.onnx_bert import Precision


class OnnxBackend:
    """A graph of `bert_graph` in an ONNX Runtime session.

    Parameters
    ----------
    model : bytes
        The serialised ONNX model.
    precision : {"fp32", "int8"}
        INT8 is run text by text: a batch would gain nothing, and a text would be rounded by its neighbours.
    threads : int
        Of one call.
    """

    def __init__(self, model: bytes, precision: Precision, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._masked = precision == "fp32"
        self.batch = 32 if self._masked else 1
        self.name = f"onnxruntime {onnxruntime.__version__}"
        self.device = "cpu"

    def logits(self, ids: IntArray, mask: IntArray | None) -> FloatArray:
        """Return logits, shape (B, 3) in the model's own order, of ids and mask of shape (B, T)."""
        feed = {"ids": ids.astype(np.int32)}
        if self._masked:
            feed["mask"] = np.ones_like(feed["ids"]) if mask is None else mask.astype(np.int32)
        return np.asarray(self._session.run(["logits"], feed)[0], dtype=np.float64)
