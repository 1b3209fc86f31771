"""Sentiment of headlines: scored in one go and remembered, or one by one and timed."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.models.cache import recall, remember


class SentimentModel(Protocol):
    """A loaded sentiment model; `newsvol.models.serving.scorer.load_scorer` gives one."""

    @property
    def name(self) -> str: ...
    @property
    def model_hash(self) -> str: ...
    @property
    def device(self) -> str: ...

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        """Return P(negative), P(neutral), P(positive) of each text, shape (N, 3)."""
        ...


def signed_score(probs: FloatArray) -> FloatArray:
    """Return P(positive) - P(negative), shape (N,), in [-1, 1]."""
    return np.asarray(probs[:, 2] - probs[:, 0])


def score_in_bulk(scorer: SentimentModel, texts: Sequence[str], cache: Path | None) -> FloatArray:
    """Score `texts` in batches, or read what was scored before.

    The key is the hash of the model and of *all* the texts in order: the low bits of a probability depend on
    what else is in its batch, and the same tape must give the same bytes whatever was scored before it.

    Parameters
    ----------
    cache : Path or None
        Folder of the cache; None remembers nothing. A cache that cannot be written is done without.

    Returns
    -------
    FloatArray, shape (N, 3)
    """
    file = cache / f"{_key(scorer.model_hash, texts)}.scores" if cache is not None else None
    known = _known(file, len(texts)) if file is not None else None
    if known is not None:
        return known
    probs = np.ascontiguousarray(scorer.probabilities(texts), dtype=np.float64)
    if file is not None:
        remember(file, probs.astype("<f8").tobytes())
    return probs


def _key(model_hash: str, texts: Sequence[str]) -> str:
    digest = hashlib.sha256(model_hash.encode())
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        # the length tells where a text ends: no byte is one that a headline cannot hold
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.hexdigest()[:40]


def _known(file: Path, rows: int) -> FloatArray | None:
    """Return the probabilities in `file`, little-endian float64 by row; None where it has none."""
    payload = recall(file)
    if payload is None or len(payload) != rows * 3 * 8:
        return None
    return np.frombuffer(payload, dtype="<f8").astype(np.float64).reshape(rows, 3)
