"""Evaluating a scorer on a user's own labelled texts."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.models.sentiment.metrics import agreement, calibration_error, quality
from newsvol.models.serving.scorer import Scorer
from newsvol.models.text.sources import label_class


def evaluate_file(path: Path, scorer: Scorer, reference: Scorer | None = None) -> dict[str, Any]:
    """Return how `scorer` does on a CSV file with the columns ``text`` and ``label``.

    Texts are scored as they are. Labels are negative, neutral or positive, in any case.

    Parameters
    ----------
    reference : Scorer, optional
        A model to compare with, whatever the labels say; adds ``reference`` to the result.

    Raises
    ------
    InputError
        The file cannot be read, lacks a column, has no rows, or holds another label (the row is named).
    """
    texts, labels = labelled_texts(path)
    probs = scorer.probabilities(texts)
    result = measured(labels, probs)
    if reference is not None:
        result["reference"] = {
            "model": reference.name,
            "model_hash": reference.model_hash,
            **agreement(probs, reference.probabilities(texts)),
        }
    return {**result, "model": scorer.name, "model_hash": scorer.model_hash, "device": scorer.device}


def measured(labels: IntArray, probs: FloatArray) -> dict[str, Any]:
    """Return accuracy, F1 and calibration of probabilities, shape (N, 3), against classes, shape (N,)."""
    return {
        **quality(labels, probs.argmax(axis=1)).as_json(),
        "ece": round(calibration_error(labels, probs), 4),
    }


def labelled_texts(path: Path) -> tuple[list[str], IntArray]:
    """Read the columns ``text`` and ``label`` of a CSV file.

    Returns
    -------
    texts : list of str
    labels : IntArray, shape (N,)
        Negative, neutral, positive: 0, 1, 2.
    """
    texts, labels = [], []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or ()
            if missing := [name for name in ("text", "label") if name not in columns]:
                raise InputError(
                    f"{path} has no column {' and '.join(missing)}; found: {', '.join(columns) or 'nothing'}"
                )
            for row in reader:
                texts.append(row["text"] or "")
                labels.append(label_class(row["label"] or "", {}, f"{path}, line {reader.line_num}"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a UTF-8 CSV file: {error}") from error
    if not texts:
        raise InputError(f"{path} has no rows under its header")
    return texts, np.array(labels, np.int64)
