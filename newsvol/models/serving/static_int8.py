"""Static INT8: how far a network's activations reach is measured on texts, and kept beside its weights."""

import json
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Final

import numpy as np

from newsvol.engine.errors import InputError, ModelError, OutputError
from newsvol.models.checkpoint import PINS, RANGES, SHIPPED, Checkpoint, open_checkpoint, write_pins
from newsvol.models.serving.onnx_bert import Ranges, bert_graph, is_plain_bert, product_inputs
from newsvol.models.serving.tokenizer import load_tokenizer, pieces_of
from newsvol.models.serving.weights import read_weights

PERCENTILE: Final = 99.999
"""Of all values of an activation: the few beyond it are cut, so that the others keep their digits."""

ENOUGH: Final = 500
"""Texts; the histograms of more look the same."""

_BINS: Final = 2048


def spread(texts: Sequence[str]) -> list[str]:
    """Return up to `ENOUGH` of the texts, from all over."""
    places = np.linspace(0, len(texts) - 1, min(len(texts), ENOUGH)).astype(np.int64)
    return [texts[place] for place in places]


def calibrate(model: str | Path, texts: Sequence[str]) -> Ranges:
    """Measure the ranges of a model's activations on `texts`, and keep them in its folder.

    What ONNX Runtime's histogram calibrator finds for `PERCENTILE`. A folder with pins is pinned again.

    Raises
    ------
    InputError
        No texts, or ``onnx`` is not installed, which ONNX Runtime's quantisation needs.
    ModelError
        A shipped model, whose files do not change; or not a BERT classifier.
    OutputError
        Nothing can be written into the folder.
    """
    if str(model) in SHIPPED:
        raise ModelError(f"{model} is shipped with its ranges; name a model folder")
    if not texts:
        raise InputError(
            "no texts to calibrate on; a few hundred headlines like those to be scored are enough"
        )
    checkpoint = open_checkpoint(model)
    if not is_plain_bert(checkpoint.config):
        kind = checkpoint.config.get("model_type")
        raise ModelError(f"static INT8 is for BERT classifiers, {checkpoint.folder} is {kind!r}")
    ranges = _measured(checkpoint, texts)
    about = {
        "model": checkpoint.model_hash,
        "texts": len(texts),
        "percentile": PERCENTILE,
        "ranges": {name: [round(end, 6) for end in ends] for name, ends in ranges.items()},
    }
    try:
        (checkpoint.folder / RANGES).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        if (checkpoint.folder / PINS).is_file():
            write_pins(checkpoint.folder)
    except OSError as error:
        raise OutputError(
            f"cannot write into {checkpoint.folder}: {error.strerror}; copy the folder"
        ) from error
    return read_ranges(checkpoint)


def _measured(checkpoint: Checkpoint, texts: Sequence[str]) -> Ranges:
    # its quantisation takes a second to import, and only a calibration needs it
    import onnxruntime  # noqa: PLC0415

    try:
        from onnxruntime.quantization.calibrate import HistogramCollector  # noqa: PLC0415
    except ImportError:
        raise InputError("calibration needs onnx: pip install 'newsvol[train]'") from None
    names = product_inputs(checkpoint.config)
    graph = bert_graph(checkpoint.config, read_weights(checkpoint), watched=names)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    pieces = pieces_of(load_tokenizer(checkpoint), texts)
    collector = HistogramCollector(
        method="percentile",
        symmetric=False,
        num_bins=_BINS,
        num_quantized_bins=128,
        percentile=PERCENTILE,
        scenario="same",
    )
    with redirect_stdout(StringIO()):  # it tells of every batch
        for ids in pieces:
            row = np.array([ids], np.int32)
            states = session.run(list(names), {"ids": row, "mask": np.ones_like(row)})
            collector.collect(dict(zip(names, states, strict=True)))
        ends = collector.compute_collection_result()
    return {name: (float(ends[name][0]), float(ends[name][1])) for name in names}


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
