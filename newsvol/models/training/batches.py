"""Texts as padded batches, for training and for prediction."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import torch
from scipy.special import softmax
from tokenizers import Tokenizer
from tqdm import trange

from newsvol.engine.arrays import FloatArray
from newsvol.models.labels import LABELS
from newsvol.models.text.texts import Strings, Texts

FORWARD_BATCH: Final = 128
LOW: Final = {"bf16": torch.bfloat16, "fp16": torch.float16}
"""Number formats of autocast by the recipe's word; FP32 has none."""


@torch.inference_mode()
def predict(
    network: Any, tokenizer: Tokenizer, texts: Strings, precision: str, progress: bool = False
) -> FloatArray:
    """Return the logits of `texts`, shape (N, 3), with the network where it is."""
    encodings = tokenizer.encode_batch_fast(list(texts))
    order = np.argsort([len(encoding.ids) for encoding in encodings], kind="stable")
    pad, device = Padding(network), network.device
    logits = np.empty((len(texts), len(LABELS)))
    for start in trange(0, len(order), FORWARD_BATCH, disable=not progress, leave=False):
        rows = order[start : start + FORWARD_BATCH]
        ids, mask = pad.ids_and_mask([encodings[row].ids for row in rows])
        with torch.autocast(device.type, LOW.get(precision), enabled=precision in LOW):
            out = network(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
        logits[rows] = out.float().cpu().numpy()
    return logits


def predict_probabilities(
    network: Any, tokenizer: Tokenizer, texts: Strings, precision: str, progress: bool = False
) -> FloatArray:
    """Return what the network says of `texts`, shape (N, 3); see `predict`."""
    return np.asarray(softmax(predict(network, tokenizer, texts, precision, progress), axis=1))


def batches(
    network: Any, tokenizer: Tokenizer, texts: Texts, soft: FloatArray | None, size: int
) -> Iterator[dict[str, torch.Tensor]]:
    """Yield the texts as padded batches of `size`, in their own order; see `rows_of`."""
    rows, pad = rows_of(tokenizer, texts, soft), Padding(network)
    for start in range(0, len(rows), size):
        yield pad(rows[start : start + size])


def rows_of(tokenizer: Tokenizer, texts: Texts, soft: FloatArray | None) -> list[dict[str, Any]]:
    """Return what a batch is made of, a row per text: pieces, class, the teacher's probabilities (3,)."""
    # A label stands in for the teacher where there is none, so that the loss is finite in evaluation too.
    targets = np.eye(len(LABELS))[np.maximum(texts.label, 0)] if soft is None else soft
    encodings = tokenizer.encode_batch_fast(list(texts.text))
    return [
        {"input_ids": encoding.ids, "label": int(label), "soft": target.tolist()}
        for encoding, label, target in zip(encodings, texts.label, targets, strict=True)
    ]


class Padding:
    """Pads a batch to its own longest text."""

    def __init__(self, network: Any) -> None:
        self.pad = network.config.pad_token_id or 0

    def ids_and_mask(self, ids: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        longest = max(map(len, ids))
        padded = torch.tensor([[*row, *[self.pad] * (longest - len(row))] for row in ids])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids])
        return padded, mask

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        ids, mask = self.ids_and_mask([row["input_ids"] for row in rows])
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "label": torch.tensor([row["label"] for row in rows]),
            "soft": torch.tensor([row["soft"] for row in rows], dtype=torch.float32),
        }
