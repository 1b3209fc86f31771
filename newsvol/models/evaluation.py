"""Evaluating a scorer on a user's own labelled texts."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from newsvol.engine.errors import InputError
from newsvol.models.corpus import label_class
from newsvol.models.metrics import quality
from newsvol.models.serving import Scorer


def evaluate_file(path: Path, scorer: Scorer) -> dict[str, Any]:
    """Return how `scorer` does on a CSV file with the columns ``text`` and ``label``.

    Texts are scored as they are. Labels are negative, neutral or positive, in any case.

    Raises
    ------
    InputError
        The file cannot be read, lacks a column, has no rows, or holds another label (the row is named).
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
    predicted = scorer.probabilities(texts).argmax(axis=1)
    about = {"model": scorer.name, "model_hash": scorer.model_hash, "device": scorer.device}
    return {**quality(np.array(labels, np.int64), predicted).as_json(), **about}
