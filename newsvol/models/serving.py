"""Serving: headlines in, probabilities out, on a CPU without torch.

Nothing heavy is imported until a scorer is loaded.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol

import numpy as np
from scipy.special import softmax

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import DeviceError, InputError, ModelError, nearest
from newsvol.models.checkpoint import Checkpoint, open_checkpoint
from newsvol.models.labels import LABELS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BATCH: Final = 32
MAX_CHARACTERS: Final = 10_000
"""Longer texts are cut here before they are tokenised: what is behind it would be truncated anyway."""

DEFAULT_MAX_LENGTH: Final = 128
"""Pieces a text is cut to where the tokenizer of a folder does not say."""

BackendName = Literal["auto", "onnx", "torch"]


class Backend(Protocol):
    """Runs a network on padded ids.

    Attributes
    ----------
    name, device : str
        "onnxruntime 1.31.1"; "cpu" or "cuda (NVIDIA ...)".
    """

    name: str
    device: str

    def logits(self, ids: IntArray, mask: IntArray) -> FloatArray:
        """Return logits, shape (B, 3) in the model's own order, of ids and mask of shape (B, T)."""
        ...


@dataclass(frozen=True)
class Scorer:
    """A loaded sentiment model.

    Attributes
    ----------
    name : str
        The shipped name, or the folder's.
    model_hash : str
        ``sha256:...`` over configuration, tokenizer and weights.
    device, backend : str
        Where it runs ("cpu", "cuda (NVIDIA ...)"), and what runs it.

    Notes
    -----
    The probabilities of a text do not depend on the texts scored before it. Those it is batched with change
    the padding and so the order of sums: alone or in a batch, they agree within 1e-4.
    """

    name: str
    model_hash: str
    device: str
    backend: str
    _tokenizer: "Tokenizer" = field(repr=False)
    _run: Backend = field(repr=False)
    _columns: tuple[int, ...] = field(repr=False)
    _pad: int = field(repr=False)

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        """Return P(negative), P(neutral), P(positive) of each text, shape (N, 3); rows sum to one.

        An empty text gets what the model says of no words. Texts are batched by length.

        Raises
        ------
        InputError
            A text is not a ``str``.
        """
        for row, text in enumerate(texts):
            if not isinstance(text, str):
                raise InputError(f"text {row} is {type(text).__name__} {text!r:.40}, not a string")
        ids = [e.ids for e in self._tokenizer.encode_batch_fast([text[:MAX_CHARACTERS] for text in texts])]
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        logits = np.empty((len(ids), len(LABELS)))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            padded = np.full((len(rows), len(ids[rows[-1]])), self._pad, np.int64)
            mask = np.zeros_like(padded)
            for place, row in enumerate(rows):
                padded[place, : len(ids[row])] = ids[row]
                mask[place, : len(ids[row])] = 1
            logits[rows] = self._run.logits(padded, mask)
        return np.asarray(softmax(logits[:, self._columns], axis=1), dtype=np.float64)


def load_scorer(model: str | Path = "student", device: str = "auto", backend: BackendName = "auto") -> Scorer:
    """Load a sentiment model.

    Parameters
    ----------
    model : str or Path
        ``"student"`` (shipped), or a Hugging Face folder with safetensors and ``tokenizer.json``.
    device : str
        ``cpu``, ``cuda``, or ``auto``: CUDA where there is one, else the CPU; the scorer says which it was.
    backend : str
        ``onnx`` (BERT on a CPU, without torch), ``torch`` (anything else), or ``auto``.

    Raises
    ------
    ModelError, UnknownNameError
        The model is not there, or not what it says; see `open_checkpoint`.
    DeviceError
        The device is unknown or not there.
    """
    checkpoint = open_checkpoint(model)
    place = resolve_device(device)
    tokenizer = _tokenizer(checkpoint)
    run = _backend(checkpoint, place, backend)
    return Scorer(
        name=checkpoint.name,
        model_hash=checkpoint.model_hash,
        device=run.device,
        backend=run.name,
        _tokenizer=tokenizer,
        _run=run,
        _columns=checkpoint.columns,
        _pad=int(checkpoint.config.get("pad_token_id") or 0),
    )


def resolve_device(device: str) -> Literal["cpu", "cuda"]:
    """Return where ``device`` is.

    Raises
    ------
    DeviceError
        The name is unknown, or CUDA was asked for and is not there: there is no silent fallback.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise DeviceError(
            f"unknown device {device!r}{nearest(device, ['auto', 'cpu', 'cuda'])}; known: auto, cpu, cuda"
        )
    # Without a driver there is no CUDA, and torch need not be imported to learn it.
    driver = Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None
    if device == "cuda" or (device == "auto" and driver):
        import torch

        if torch.cuda.is_available():
            return "cuda"
        if device == "cuda":
            raise DeviceError(
                "device 'cuda' was asked for, but torch finds no CUDA device; use --device cpu or auto"
            )
    return "cpu"


def _backend(checkpoint: Checkpoint, device: Literal["cpu", "cuda"], backend: BackendName) -> Backend:
    from newsvol.models.onnx_bert import is_plain_bert

    plain = is_plain_bert(checkpoint.config)
    if backend == "onnx" and (device != "cpu" or not plain):
        raise ModelError(
            f"backend onnx runs BERT classifiers on the CPU; {checkpoint.name} on {device} needs torch"
        )
    if backend == "onnx" or (backend == "auto" and device == "cpu" and plain):
        from newsvol.models.onnx_backend import OnnxBackend

        return OnnxBackend(checkpoint)
    from newsvol.models.torch_backend import TorchBackend

    return TorchBackend(checkpoint, device)


def _tokenizer(checkpoint: Checkpoint) -> "Tokenizer":
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(checkpoint.tokenizer_file))
    except Exception as error:  # tokenizers raises the bare Exception for a file it cannot parse
        raise ModelError(f"{checkpoint.tokenizer_file} is not a tokenizer: {error}") from error
    words = int(checkpoint.config.get("vocab_size", 0))
    if tokenizer.get_vocab_size() > words:
        raise ModelError(
            f"{checkpoint.tokenizer_file} has {tokenizer.get_vocab_size()} pieces, config.json only {words}; "
            "they are not of one model"
        )
    positions = int(checkpoint.config.get("max_position_embeddings", DEFAULT_MAX_LENGTH))
    # Without a word from the tokenizer: RoBERTa's first two positions are not for texts.
    cut = (
        tokenizer.truncation["max_length"] if tokenizer.truncation else min(DEFAULT_MAX_LENGTH, positions - 2)
    )
    tokenizer.no_padding()
    tokenizer.enable_truncation(min(cut, positions))
    return tokenizer
