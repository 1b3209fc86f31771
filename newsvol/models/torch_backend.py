"""Serving with torch: any classifier that transformers knows, FP32 on a CPU, FP16 on CUDA."""

from typing import Literal

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import ModelError
from newsvol.models.checkpoint import Checkpoint, listed
from newsvol.models.hush import hushed
from newsvol.models.pruned_bert import register_pruned_bert


class TorchBackend:
    """A network of transformers.

    Raises
    ------
    ModelError
        Weights are missing, unknown or of another shape, or the architecture is not known.
    """

    def __init__(self, checkpoint: Checkpoint, device: Literal["cpu", "cuda"]) -> None:
        if checkpoint.config.get("model_type") == "pruned_bert":
            register_pruned_bert()
        try:
            with hushed():
                network, info = AutoModelForSequenceClassification.from_pretrained(
                    checkpoint.folder,
                    dtype=torch.float16 if device == "cuda" else torch.float32,
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
        self._network = network.to(device).eval()
        self._at = device
        self.batch = 32
        self.name = f"torch {torch.__version__}"
        self.device = f"cuda ({torch.cuda.get_device_name()})" if device == "cuda" else "cpu"

    @torch.inference_mode()
    def logits(self, ids: IntArray, mask: IntArray | None) -> FloatArray:
        """Return logits, shape (B, 3) in the model's own order, of ids and mask of shape (B, T)."""
        mask = np.ones_like(ids) if mask is None else mask
        out = self._network(
            input_ids=torch.from_numpy(ids).to(self._at), attention_mask=torch.from_numpy(mask).to(self._at)
        ).logits
        return np.asarray(out.float().cpu().numpy(), dtype=np.float64)
