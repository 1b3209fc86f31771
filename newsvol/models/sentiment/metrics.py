"""How good a classifier is: accuracy, F1, calibration, with intervals."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.models.labels import LABELS

_RESAMPLES: Final = 2000


def f1_per_class(truth: IntArray, predicted: IntArray) -> FloatArray:
    """Return the F1 of each class, shape (3,); 0 where a class was neither met nor predicted."""
    return _f1(_confusion(truth, predicted))


def macro_f1(truth: IntArray, predicted: IntArray) -> float:
    """Return the mean F1 of the three classes."""
    return float(f1_per_class(truth, predicted).mean())


def accuracy(truth: IntArray, predicted: IntArray) -> float:
    """Return the share of texts that got their label."""
    return float(np.mean(truth == predicted))


@dataclass(frozen=True)
class Quality:
    """What a classifier scored on `n` texts; the intervals are 95% percentile bootstrap over texts."""

    n: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    macro_f1: float
    macro_f1_interval: tuple[float, float]
    f1: dict[str, float]
    majority_accuracy: float

    def as_json(self) -> dict[str, Any]:
        """Return plain values, rounded to four digits."""
        pairs = {
            key: [round(end, 4) for end in getattr(self, key)]
            for key in ("accuracy_interval", "macro_f1_interval")
        }
        whole = {key: round(getattr(self, key), 4) for key in ("accuracy", "macro_f1", "majority_accuracy")}
        return {
            "n": self.n,
            **whole,
            **pairs,
            "f1": {label: round(value, 4) for label, value in self.f1.items()},
        }


def quality(truth: IntArray, predicted: IntArray, seed: int = 0) -> Quality:
    """Return accuracy and F1 with intervals, and what always guessing the most frequent class would get."""
    generator = np.random.default_rng(seed)
    cell = truth * len(LABELS) + predicted
    drawn = generator.multinomial(len(truth), np.bincount(cell, minlength=9) / len(truth), size=_RESAMPLES)
    confusion = drawn.reshape(-1, len(LABELS), len(LABELS))
    hits = np.trace(confusion, axis1=1, axis2=2) / len(truth)
    return Quality(
        n=len(truth),
        accuracy=accuracy(truth, predicted),
        accuracy_interval=_interval(hits),
        macro_f1=macro_f1(truth, predicted),
        macro_f1_interval=_interval(_f1(confusion).mean(axis=-1)),
        f1=dict(zip(LABELS, f1_per_class(truth, predicted).tolist(), strict=True)),
        majority_accuracy=float(np.bincount(truth).max() / len(truth)),
    )


def macro_f1_gain(
    truth: IntArray, ours: IntArray, theirs: IntArray, seed: int = 0
) -> tuple[float, float, float]:
    """Return how much `ours` beats `theirs` in macro-F1, with its 95% paired-bootstrap interval."""
    generator = np.random.default_rng(seed)
    cell = (truth * len(LABELS) + ours) * len(LABELS) + theirs
    drawn = generator.multinomial(len(truth), np.bincount(cell, minlength=27) / len(truth), size=_RESAMPLES)
    cube = drawn.reshape(-1, len(LABELS), len(LABELS), len(LABELS))
    gain = _f1(cube.sum(axis=3)).mean(axis=-1) - _f1(cube.sum(axis=2)).mean(axis=-1)
    return macro_f1(truth, ours) - macro_f1(truth, theirs), *_interval(gain)


def calibration_error(truth: IntArray, probabilities: FloatArray, bins: int = 10) -> float:
    """Return the expected calibration error of the winning class (Guo et al. 2017, eq. 3)."""
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == truth
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gap = np.bincount(place, weights=hit - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(truth))


def agreement(ours: FloatArray, theirs: FloatArray) -> dict[str, float]:
    """Return how often two models say the same, and how often one says negative and the other positive.

    Parameters
    ----------
    ours, theirs : FloatArray, shape (N, 3)
        Probabilities of the same texts.

    Returns
    -------
    dict
        ``agreement`` and ``polarity_flips``, shares of the texts; ``largest_difference`` of a probability.
    """
    left, right = ours.argmax(axis=1), theirs.argmax(axis=1)
    return {
        "agreement": round(float(np.mean(left == right)), 4),
        "polarity_flips": round(float(np.mean(np.abs(left - right) == len(LABELS) - 1)), 5),
        "largest_difference": round(float(np.abs(ours - theirs).max()), 4),
    }


def _confusion(truth: IntArray, predicted: IntArray) -> IntArray:
    return np.bincount(truth * len(LABELS) + predicted, minlength=9).reshape(len(LABELS), len(LABELS))


def _f1(confusion: IntArray) -> FloatArray:
    """F1 from confusion matrices, shape (..., 3, 3), truth by prediction."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    met_or_predicted = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    return np.asarray(2 * hits / np.maximum(met_or_predicted, 1), dtype=np.float64)


def _interval(values: FloatArray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
