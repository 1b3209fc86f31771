"""The results of a training run: the student beside its teachers and its baselines, on the same split."""

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import stats

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.provenance import machine
from newsvol.models.checkpoint import PINS, open_checkpoint
from newsvol.models.sentiment.baselines import tfidf_predictions
from newsvol.models.sentiment.corpus import Corpus
from newsvol.models.sentiment.metrics import accuracy, calibration_error, macro_f1, macro_f1_gain, quality
from newsvol.models.sentiment.recipe import TrainingRecipe
from newsvol.models.sentiment.teachers import TeacherAnswers
from newsvol.models.serving.scorer import load_scorer

_VERSIONS: Final = (
    "newsvol",
    "torch",
    "transformers",
    "tokenizers",
    "accelerate",
    "scikit-learn",
    "numpy",
    "onnxruntime",
)


@dataclass(frozen=True)
class TrainedStudent:
    """What a run made.

    Attributes
    ----------
    folder : Path
        The saved student; what is judged is loaded from here.
    temperature : float
        Folded into the classifier.
    uncalibrated : FloatArray, shape (N, 3)
        The student's probabilities of the validation texts before that.
    seconds : float
        Wall time of reading, training and calibrating.
    starts : mapping of str to str
        Hash of the weights of each start that the recipe names.
    """

    folder: Path
    temperature: float
    uncalibrated: FloatArray
    seconds: float
    starts: Mapping[str, str]


def training_results(
    recipe: TrainingRecipe, corpus: Corpus, answers: TeacherAnswers | None, student: TrainedStudent
) -> dict[str, Any]:
    """Return the results of a run: sizes, seeds, quality on held-out parts, model, versions, machine."""
    parts = corpus.parts
    scorer = load_scorer(student.folder, "cpu")
    validation, test = (scorer.probabilities(part.text.tolist()) for part in (parts.validation, parts.test))
    baseline, options = tfidf_predictions(parts)
    most = int(np.bincount(parts.train.label).argmax())
    named: dict[str, IntArray] = {
        "majority": np.full(len(parts.test), most, np.int64),
        "tfidf_logistic": baseline,
        "student": test.argmax(axis=1),
    }
    if answers is not None:
        named["teacher"] = answers.test.argmax(axis=1)
    gain, low, high = macro_f1_gain(parts.test.label, named["student"], baseline)
    return {
        "recipe": recipe.name,
        "recipe_hash": recipe.content_hash(),
        "seed": recipe.seed,
        "starts": student.starts,
        "texts": corpus.counts(),
        "test": {name: quality(parts.test.label, predicted).as_json() for name, predicted in named.items()},
        **({} if answers is None else {"teacher_over_seeds": over_seeds(parts.test.label, answers.each)}),
        "tfidf_logistic_options": options,
        "student_minus_tfidf_macro_f1": {"gain": round(gain, 4), "interval": [round(low, 4), round(high, 4)]},
        "validation": {"student": quality(parts.validation.label, validation.argmax(axis=1)).as_json()},
        "calibration_error": {
            "validation_before": round(calibration_error(parts.validation.label, student.uncalibrated), 4),
            "validation": round(calibration_error(parts.validation.label, validation), 4),
            "test": round(calibration_error(parts.test.label, test), 4),
        },
        "temperature": round(student.temperature, 4),
        "model": _model(student.folder),
        "seconds": round(student.seconds),
        "versions": {name: importlib.metadata.version(name) for name in _VERSIONS},
        "machine": {**machine(), "python": platform.python_version()},
    }


def over_seeds(truth: IntArray, predicted: Mapping[int, FloatArray]) -> dict[str, Any]:
    """Return what each seed's probabilities (N, 3) score, and the mean with its 95% interval."""
    scores = {
        "accuracy": [accuracy(truth, probs.argmax(axis=1)) for probs in predicted.values()],
        "macro_f1": [macro_f1(truth, probs.argmax(axis=1)) for probs in predicted.values()],
        "ece": [calibration_error(truth, probs) for probs in predicted.values()],
    }
    return {"seeds": [*predicted], **{name: mean_and_interval(values) for name, values in scores.items()}}


def mean_and_interval(values: Sequence[float]) -> dict[str, Any]:
    """Return the mean over seeds and its 95% interval by Student's t; one seed alone has no interval."""
    mean = float(np.mean(values))
    half = None
    if len(values) > 1:
        error = float(np.std(values, ddof=1)) / len(values) ** 0.5
        half = float(stats.t.ppf(0.975, len(values) - 1)) * error
    return {
        "mean": round(mean, 4),
        "interval": None if half is None else [round(mean - half, 4), round(mean + half, 4)],
        "each": [round(value, 4) for value in values],
    }


def _model(folder: Path) -> dict[str, Any]:
    checkpoint = open_checkpoint(folder)
    return {
        "hash": checkpoint.model_hash,
        "bytes": sum(file.stat().st_size for file in folder.iterdir() if file.name != PINS),
        **{key: checkpoint.config[key] for key in ("num_hidden_layers", "hidden_size", "vocab_size")},
    }
