"""Sentiment of headlines: scored in one go and remembered, or one by one and timed."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from newsvol.engine.arrays import FloatArray


class Scorer(Protocol):
    """A loaded sentiment model; `newsvol.models.serving.load_scorer` gives one."""

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


def cache_folder() -> Path:
    """Return where scores are remembered: ``NEWSVOL_CACHE``, or the user's cache folder."""
    root = os.environ.get("NEWSVOL_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "newsvol" / "scores"


def score_in_bulk(scorer: Scorer, texts: Sequence[str], cache: Path | None) -> tuple[FloatArray, bool]:
    """Score `texts` in batches, or read what was scored before.

    The key is the hash of the model and of *all* the texts in order: the low bits of a probability depend on
    what else is in its batch, and the same tape must give the same bytes whatever was scored before it.

    Parameters
    ----------
    cache : Path or None
        Folder of the cache; None remembers nothing. A cache that cannot be written is done without.

    Returns
    -------
    probs : FloatArray, shape (N, 3)
    from_cache : bool
    """
    digest = hashlib.sha256(scorer.model_hash.encode())
    digest.update("\x00".join(texts).encode("utf-8", "surrogatepass"))
    file = cache / f"{digest.hexdigest()[:40]}.npy" if cache is not None else None
    if file is not None and file.is_file():
        try:
            known = np.load(file, allow_pickle=False)
        except (OSError, ValueError):
            known = np.empty(0)  # a damaged file is scored again and replaced
        if known.shape == (len(texts), 3) and known.dtype == np.float64:
            return known, True
    probs = scorer.probabilities(texts)
    if file is not None:
        _remember(file, probs)
    return probs, False


def _remember(file: Path, probs: FloatArray) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
            np.save(part, probs)
        Path(part.name).replace(file)
    except OSError:
        return  # a full or read-only disk costs time on the next run, not the run
