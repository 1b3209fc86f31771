"""Serving: headlines in, probabilities out, on a CPU without torch.

Nothing heavy is imported until a scorer is loaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import InputError, ModelError, first_line
from newsvol.models.checkpoint import SHIPPED
from newsvol.models.labels import LABELS
from newsvol.models.serving.device import Device, require_torch, resolve_device, usable_cores
from newsvol.models.serving.onnx_bert import is_plain_bert
from newsvol.models.serving.tokenizer import load_tokenizer, pieces_of
from newsvol.models.serving.variants import Variant, onnx_model, open_variant

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BackendName = Literal["auto", "onnx", "torch"]


class Backend(Protocol):
    """Runs a network on padded ids.

    Attributes
    ----------
    name, device : str
        "onnxruntime 1.31.1"; "cpu" or "cuda (NVIDIA ...)".
    batch : int
        How many texts it is best given at once.
    """

    name: str
    device: str
    batch: int

    def logits(self, ids: IntArray, mask: IntArray | None) -> FloatArray:
        """Return logits, shape (B, 3) in the model's own order, of ids and mask of shape (B, T).

        The mask is 0 where a text has ended; None says that all are of one length.
        """
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
    the padding and so the order of sums: alone or in a batch, they agree within 1e-4. An INT8 model takes
    one text at a time, so there they are the same bits.
    """

    name: str
    model_hash: str
    device: str
    backend: str
    _tokenizer: "Tokenizer" = field(repr=False)
    _run: Backend = field(repr=False)
    _columns: IntArray = field(repr=False)
    _pad: int = field(repr=False)

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        """Return P(negative), P(neutral), P(positive) of each text, shape (N, 3); rows sum to one.

        An empty text gets what the model says of no words.

        Raises
        ------
        InputError
            A text is not a ``str``.
        """
        logits = self.logits(texts)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=np.float64)

    def logits(self, texts: Sequence[str]) -> FloatArray:
        """Return what the probabilities are the softmax of, shape (N, 3); texts are batched by length."""
        ids = self.pieces(texts)
        if len(ids) == 1:  # as a replay scores: what follows would take a tenth of the time of the network
            return self._run.logits(np.array(ids, np.int64), None)[:, self._columns]
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        logits = np.empty((len(ids), len(LABELS)))
        for start in range(0, len(order), self._run.batch):
            rows = order[start : start + self._run.batch]
            logits[rows] = self._run.logits(*_padded([ids[row] for row in rows], self._pad))
        return logits[:, self._columns]

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the word pieces of each text, as the network is given them."""
        return pieces_of(self._tokenizer, texts)


def _padded(ids: Sequence[Sequence[int]], pad: int) -> tuple[IntArray, IntArray | None]:
    """Return ids, shortest first, as an array with its mask; None if nothing had to be padded."""
    if len(ids[0]) == len(ids[-1]):
        return np.array(ids, np.int64), None
    padded = np.full((len(ids), len(ids[-1])), pad, np.int64)
    mask = np.zeros_like(padded)
    for place, row in enumerate(ids):
        padded[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return padded, mask


def load_scorer(
    model: str | Path = "student",
    device: str = "auto",
    backend: BackendName = "auto",
    threads: int | None = None,
) -> Scorer:
    """Load a sentiment model.

    Parameters
    ----------
    model : str or Path
        ``"student"`` (shipped), or a Hugging Face folder with safetensors and ``tokenizer.json``; either with
        ``-int8`` or ``-int8-static`` behind it: the same in INT8, for the CPU; see `open_variant`.
    device : str
        ``cpu``, ``cuda``, or ``auto``: CUDA where there is one and the model runs there, else the CPU; the
        scorer says which it was.
    backend : str
        ``onnx`` (BERT on a CPU, without torch), ``torch`` (anything else), or ``auto``.
    threads : int, optional
        Of ONNX Runtime; by default as many as this process may use cores, and one for INT8.

    Raises
    ------
    ModelError, UnknownNameError
        The model is not there, or not what it says; see `open_variant`.
    DeviceError
        The device is unknown or not there.
    """
    variant = open_variant(model)
    try:
        return _load(variant, device, backend, threads)
    except (InputError, OSError, MemoryError, RuntimeError, ImportError):
        raise
    except Exception as error:  # what reads a config.json raises kinds of its own over a wrong value
        folder = variant.checkpoint.folder
        if folder in SHIPPED.values():  # it is what its pins say, so that the fault is not in it
            raise
        raise ModelError(
            f"{folder} cannot be loaded ({type(error).__name__}: {first_line(error)}); "
            "correct its config.json, or save it again"
        ) from error


def _load(variant: Variant, device: str, backend: BackendName, threads: int | None) -> Scorer:
    place = Device("cpu")
    if variant.precision == "fp32" or device != "auto":
        place = resolve_device(device)
    tokenizer = load_tokenizer(variant.checkpoint)
    # In INT8 one headline is too little work for a second thread: it gains nothing, and waits for two cores.
    run = _backend(
        variant, place.kind, backend, threads or (usable_cores() if variant.precision == "fp32" else 1)
    )
    return Scorer(
        name=variant.name,
        model_hash=variant.model_hash,
        device=f"{run.device} ({place.why})" if place.why else run.device,
        backend=run.name,
        _tokenizer=tokenizer,
        _run=run,
        _columns=np.array(variant.checkpoint.columns, np.int64),
        _pad=int(variant.checkpoint.config.get("pad_token_id") or 0),
    )


def _backend(variant: Variant, device: Literal["cpu", "cuda"], backend: BackendName, threads: int) -> Backend:
    plain = is_plain_bert(variant.checkpoint.config)
    if variant.precision == "int8" and (device != "cpu" or backend == "torch"):
        place = (
            "on the CPU in ONNX Runtime, not in torch" if device == "cpu" else "on the CPU; use --device cpu"
        )
        raise ModelError(f"{variant.name} runs {place}")
    if backend == "onnx" and (device != "cpu" or not plain):
        raise ModelError(
            f"backend onnx runs BERT classifiers on the CPU; {variant.name} on {device} needs torch"
        )
    if backend == "onnx" or (backend == "auto" and device == "cpu" and plain):
        from newsvol.models.serving.onnx_backend import OnnxBackend  # noqa: PLC0415 - a tenth of a second

        return OnnxBackend(onnx_model(variant), variant.precision, threads)
    require_torch(f"{variant.name} on {device}")
    from newsvol.models.serving.torch_backend import TorchBackend  # noqa: PLC0415 - maybe not installed

    return TorchBackend(variant.checkpoint, device)
