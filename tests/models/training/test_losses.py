"""Losses of distillation, beside a computation by hand."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax

from newsvol.models.text.texts import UNLABELLED
from newsvol.models.training.losses import DistillationLoss, soft_loss

LOGITS = np.array([[1.0, -0.5, 0.3], [0.2, 0.1, -2.0], [0.0, 3.0, 1.0]])


TEACHER = np.array([[2.0, 0.0, -1.0], [0.5, 0.5, 0.0], [-1.0, 2.0, 2.5]])


def by_hand(temperature: float) -> float:
    warm = softmax(TEACHER / temperature, axis=1)
    return float(temperature**2 * np.mean(-(warm * log_softmax(LOGITS / temperature, axis=1)).sum(axis=1)))


def tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    return [torch.from_numpy(array) for array in arrays]


@pytest.mark.parametrize("temperature", [1.0, 2.0, 5.0])
def test_the_soft_loss_is_hintons_with_t_squared(temperature: float) -> None:
    loss = soft_loss(*tensors(LOGITS, softmax(TEACHER, axis=1)), temperature)
    assert float(loss) == pytest.approx(by_hand(temperature), rel=1e-12)


def test_t_squared_keeps_the_gradient_of_hot_targets_from_vanishing() -> None:
    """At high T the gradient tends to (z - v) / 3 for centred logits, whatever T (section 2.1)."""
    centred, target = (rows - rows.mean(axis=1, keepdims=True) for rows in (LOGITS, TEACHER))
    logits = torch.from_numpy(centred).requires_grad_()
    soft_loss(logits, torch.from_numpy(softmax(target, axis=1)), 1000.0).backward()
    np.testing.assert_allclose(logits.grad.numpy(), (centred - target) / 3 / 3, atol=2e-3)


def test_labels_and_teacher_are_mixed_by_the_hard_weight() -> None:
    label = np.array([2, UNLABELLED, 1])
    objective = DistillationLoss(np.array([2.0, 0.5, 1.5]), 0.0, hard_weight=0.3, temperature=2.0)
    logs = log_softmax(LOGITS, axis=1)
    hard = (-1.5 * logs[0, 2] - 0.5 * logs[2, 1]) / 3
    loss = objective(*tensors(LOGITS, label, softmax(TEACHER, axis=1)))
    assert float(loss) == pytest.approx(0.3 * hard + 0.7 * by_hand(2.0), rel=1e-12)
