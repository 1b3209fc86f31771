"""Serving with torch: any classifier that transformers knows, FP32 on a CPU, FP16 on CUDA."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import ModelError
from newsvol.models.checkpoint import Checkpoint, listed
from newsvol.models.networks.pruned_bert import register_pruned_bert
from newsvol.models.networks.transformers_logging import hushed
from newsvol.models.serving.length_buckets import LengthBuckets, Prepare, additive_mask
from newsvol.models.serving.onnx_bert import is_plain_bert

_DTYPE: Final = {"fp16": torch.float16, "fp32": torch.float32}


@dataclass(frozen=True)
class ExecutionOptions:
    """How a network is run.

    Attributes
    ----------
    precision : {"fp16", "fp32"}
        Of weights and activations; logits are FP32.
    prepare : Prepare or None
        What makes a fixed shape ready (a graph capture), for a BERT and few texts; None runs every call as it
        comes.
    batch, step : int
        Texts that a call is best given, and how many of them go to the device at once. A call's steps are
        queued one behind the other, so that the next is padded while the GPU computes.
    """

    precision: Literal["fp16", "fp32"]
    prepare: Prepare | None
    batch: int
    step: int


def default_options(device: Literal["cpu", "cuda"]) -> ExecutionOptions:
    """Return how a device is served best."""
    if device == "cpu":
        return ExecutionOptions("fp32", None, 32, 32)
    from newsvol.models.serving.cuda_graphs import GraphCapture  # noqa: PLC0415 - for CUDA only

    return ExecutionOptions("fp16", GraphCapture(), 4096, 512)


class TorchBackend:
    """A network of transformers.

    Parameters
    ----------
    running : Running, optional
        By default as `default_options` says.

    Raises
    ------
    ModelError
        Weights are missing, unknown or of another shape, or the architecture is not known.
    """

    def __init__(
        self, checkpoint: Checkpoint, device: Literal["cpu", "cuda"], running: ExecutionOptions | None = None
    ) -> None:
        options = running or default_options(device)
        self._network: Any = _load(checkpoint, _DTYPE[options.precision]).to(device).eval()
        self._at = torch.device(device)
        self._step = options.step
        # One that decodes is masked by transformers itself, which hides what follows a piece.
        self._is_bert = is_plain_bert(checkpoint.config) and not checkpoint.config.get("is_decoder")
        self._buckets: LengthBuckets | None = None
        if options.prepare is not None and self._is_bert:
            longest = int(checkpoint.config["max_position_embeddings"])
            pad = int(checkpoint.config.get("pad_token_id") or 0)
            self._buckets = LengthBuckets(self._bert, longest, pad, self._at, options.prepare)
        self.batch = options.batch
        self.name = f"torch {torch.__version__}"
        self.device = f"cuda ({torch.cuda.get_device_name()})" if device == "cuda" else "cpu"

    @torch.inference_mode()
    def logits(self, ids: IntArray, mask: IntArray | None) -> FloatArray:
        """Return logits, shape (B, 3) in the model's own order, of ids and mask of shape (B, T)."""
        lengths = np.full(len(ids), ids.shape[1]) if mask is None else mask.sum(axis=1)
        if self._buckets is not None:
            shape = self._buckets.fit(*ids.shape)
            if shape is not None:
                return self._buckets.logits(ids, lengths, shape)
        said = [
            self._queued(ids[start : start + self._step], lengths[start : start + self._step])
            for start in range(0, len(ids), self._step)
        ]
        return np.asarray(torch.cat(said).cpu().numpy(), dtype=np.float64)  # the only wait of the call

    def _queued(self, ids: IntArray, lengths: IntArray) -> torch.Tensor:
        """Return the logits of some texts on the device, maybe before they are computed."""
        longest = int(lengths.max())  # the first steps of a sorted call are shorter than its last
        on_device = self._sent(ids[:, :longest])
        if not self._is_bert:
            mask = self._sent((np.arange(longest) < lengths[:, None]).astype(np.int64))
            out = self._network(input_ids=on_device, attention_mask=mask)
        elif lengths.min() == longest:
            out = self._network(input_ids=on_device)
        else:
            return self._bert(on_device, self._sent(lengths[:, None]))
        return torch.as_tensor(out.logits).float()

    def _sent(self, numbers: IntArray) -> torch.Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(numbers))
        if self._at.type == "cuda":
            tensor = tensor.pin_memory()  # from other memory a copy is not asynchronous
        return tensor.to(self._at, non_blocking=True)

    def _bert(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        # The mask is given as attention adds it. Of a mask of ones and zeros transformers asks whether it is
        # all ones (masking_utils._ignore_bidirectional_mask_sdpa), to leave it out: on a GPU the question
        # waits for all that is queued, and in a capture it is an error, or skipped, where a version knows of
        # captures: then the warm-up would run other kernels. A mask of four dimensions is passed on as it is.
        mask = additive_mask(lengths, ids.shape[1], self._network.dtype)
        return torch.as_tensor(self._network(input_ids=ids, attention_mask=mask).logits).float()


def _load(checkpoint: Checkpoint, dtype: torch.dtype) -> Any:
    if checkpoint.config.get("model_type") == "pruned_bert":
        register_pruned_bert()
    try:
        with hushed():
            network, info = AutoModelForSequenceClassification.from_pretrained(
                checkpoint.folder,
                dtype=dtype,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                ignore_mismatched_sizes=True,  # so that they are named below, with the others
                output_loading_info=True,
            )
    except (ValueError, OSError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"transformers cannot load {checkpoint.folder}: {reason}") from error
    for fault, names in (
        ("lacks", info["missing_keys"]),
        ("has unknown", info["unexpected_keys"]),
        ("has mis-shaped", [name for name, *_ in info["mismatched_keys"]]),
    ):
        if names:
            raise ModelError(
                f"{checkpoint.folder} {fault} weights {listed(names)}; "
                "the checkpoint does not fit its config.json"
            )
    return network
