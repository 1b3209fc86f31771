"""Temperature scaling: how sure a student says that it is, fitted on held-out logits."""

from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.models.text.texts import Texts


def best_temperature(truth: IntArray, logits: FloatArray) -> float:
    """Return the T whose softmax(logits / T) is likeliest (Guo et al. 2017, section 4.2)."""

    def loss(log_temperature: float) -> float:
        return float(
            -log_softmax(logits / np.exp(log_temperature), axis=1)[np.arange(len(truth)), truth].mean()
        )

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x))


def fold_temperature(network: Any, validation: Texts, logits: FloatArray) -> float:
    """Fold the temperature that suits the `logits` of `validation` best into the classifier; return it."""
    temperature = best_temperature(validation.label, logits)
    with torch.no_grad():
        network.classifier.weight /= temperature
        network.classifier.bias /= temperature
    return temperature
