"""Fitting a classifier: what is weighted, and what is asked for."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax

from newsvol.models.sentiment.classifier import TrainingData, answer_loss, class_weights
from newsvol.models.sentiment.recipe import Student
from newsvol.models.text.texts import Texts


def test_a_teacher_is_never_asked_for_where_labels_are_all() -> None:
    said, label = np.array([[1.0, -0.5, 0.3], [0.2, 0.1, -2.0], [0.0, 3.0, 1.0]]), np.array([0, 1, 2])
    data = TrainingData(Texts(np.array(["a", "b", "c"], dtype=object), label))
    batch = {"label": torch.from_numpy(label), "soft": torch.full((3, 3), torch.nan)}
    loss = answer_loss(data, Student(layers=(0,)))(torch.from_numpy(said), batch)
    assert float(loss) == pytest.approx(-np.diagonal(log_softmax(said, axis=1)).mean(), rel=1e-6)


def test_class_weights_have_mean_one_over_the_texts() -> None:
    label = np.array([0, 1, 1, 1, 2, 2, -100])
    for rule in ("none", "sqrt_balanced", "balanced"):
        assert class_weights(label, rule)[label[label >= 0]].mean() == pytest.approx(1)
    assert class_weights(label, "none").tolist() == [1, 1, 1]
    assert class_weights(label, "balanced").tolist() == pytest.approx([2, 2 / 3, 1])
