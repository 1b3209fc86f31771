"""Models side by side on labelled texts: quality, agreement, size and speed, beside majority and TF-IDF."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.models.labels import LABELS
from newsvol.models.sentiment.evaluation import labelled_texts, measured
from newsvol.models.sentiment.metrics import agreement
from newsvol.models.serving.scorer import load_scorer
from newsvol.models.serving.timing import TimingRequest, time_models
from newsvol.models.serving.variants import open_variant, size_on_disk
from newsvol.models.serving.weights import count_parameters
from newsvol.models.text.splits import Split, split_texts
from newsvol.models.text.texts import Texts, key, without_duplicates

COLUMNS: Final = (
    "model", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "macro_f1_low", "macro_f1_high",
    *(f"f1_{label}" for label in LABELS), "ece", "agreement", "polarity_flips", "bytes", "parameters",
    "p50_ms", "p95_ms", "p99_ms", "headlines_per_second", "p50_speedup",
)  # fmt: skip


@dataclass(frozen=True)
class ComparisonRequest:
    """What is compared.

    Attributes
    ----------
    models : sequence of str
        Names or folders.
    data : Path
        Labelled texts.
    reference : str
        The model that the others are to agree with.
    train : Path, optional
        Labelled texts for the majority class and TF-IDF + logistic regression; without it, the majority class
        is that of `data` and TF-IDF is left out.
    timed : int
        How many of the texts are timed; 0 for none.
    peer : bool
        Whether BERT-base is timed too.
    """

    models: Sequence[str]
    data: Path
    reference: str
    train: Path | None = None
    timed: int = 100
    peer: bool = True


def compare(request: ComparisonRequest) -> dict[str, Any]:
    """Return ``{"n", "reference", "models": {name: figures}}``; equal for equal files, but for the times."""
    texts, labels = labelled_texts(request.data)
    rows = _baselines(request.train, texts, labels)
    scorers = {
        model: load_scorer(model, "cpu") for model in dict.fromkeys((*request.models, request.reference))
    }
    probabilities = {model: scorer.probabilities(texts) for model, scorer in scorers.items()}
    for model in request.models:
        variant = open_variant(model)
        rows[model] = {
            **measured(labels, probabilities[model]),
            **agreement(probabilities[model], probabilities[request.reference]),
            "model_hash": scorers[model].model_hash,
            "bytes": size_on_disk(variant),
            "parameters": count_parameters(variant.checkpoint),
        }
    if request.timed:
        picked = np.random.default_rng(0).permutation(len(texts))[: request.timed]
        timed = TimingRequest(request.models, [texts[row] for row in picked], peer=request.peer)
        for model, times in time_models(timed).items():
            rows[model] = {**rows.get(model, {}), **times}
    return {"n": len(texts), "reference": request.reference, "models": rows}


def write_comparison(result: Mapping[str, Any], folder: Path) -> None:
    """Write ``comparison.json`` and ``comparison.csv`` (one row a model) into `folder`."""
    content = json.dumps(result, indent=1)
    (folder / "comparison.json").write_text(content + "\n", encoding="utf-8")
    with (folder / "comparison.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for model, row in result["models"].items():
            writer.writerow({"model": model, **_flat(row)})


def pareto_front(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """Return the names that no other beats in both ways, the fastest first.

    Parameters
    ----------
    points : mapping of str to (latency, accuracy)
    """
    front: list[str] = []
    best = -np.inf
    for name, (_, accuracy) in sorted(points.items(), key=lambda item: (item[1][0], -item[1][1])):
        if accuracy > best:
            front.append(name)
            best = accuracy
    return front


def _baselines(train: Path | None, texts: Sequence[str], labels: IntArray) -> dict[str, dict[str, Any]]:
    known = labelled_texts(train) if train is not None else None
    most = int(np.bincount(labels if known is None else known[1], minlength=len(LABELS)).argmax())
    always: FloatArray = np.tile(np.eye(len(LABELS))[most], (len(texts), 1))
    rows = {"majority": {**measured(labels, always), "bytes": 0, "parameters": 0}}
    rows["majority"].pop("ece")
    if known is not None and train is not None:
        rows["tfidf_logistic"] = measured(labels, _tfidf(train, known, texts))
    return rows


def _tfidf(train: Path, known: tuple[list[str], IntArray], texts: Sequence[str]) -> FloatArray:
    from newsvol.models.sentiment.baselines import fit_tfidf  # noqa: PLC0415 - needs scikit-learn

    met = {key(text) for text in texts}
    if shared := sum(key(text) in met for text in known[0]):
        raise InputError(f"{train}: {shared} of its texts are among those that are tested; leave them out")
    unique = without_duplicates(Texts(np.array(known[0], dtype=object), known[1]))
    parts = split_texts(unique, Split(train=0.85, validation=0.13), seed=0)
    model, _ = fit_tfidf(parts.train, parts.validation)
    return np.asarray(model.predict_proba(list(texts)), dtype=np.float64)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat = dict(row)
    for measure in ("accuracy", "macro_f1"):
        if f"{measure}_interval" in row:
            flat[f"{measure}_low"], flat[f"{measure}_high"] = row[f"{measure}_interval"]
    return {**flat, **{f"f1_{label}": value for label, value in row.get("f1", {}).items()}}
