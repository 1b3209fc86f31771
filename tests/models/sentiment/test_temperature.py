"""The temperature that makes a student as sure as it may be."""

import numpy as np
import pytest
import torch

from newsvol.models.sentiment.metrics import calibration_error
from newsvol.models.sentiment.temperature import best_temperature, fold_temperature
from newsvol.models.text.texts import Texts


def test_the_right_temperature_is_found() -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 2, (20_000, 3))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (generator.random((20_000, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    assert best_temperature(truth, logits * 3) == pytest.approx(3, rel=0.05)
    assert calibration_error(truth, chances) < 0.02


def test_a_folded_temperature_divides_what_the_network_says() -> None:
    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.classifier = torch.nn.Linear(4, 3)

    network, inside = Network(), torch.randn(50, 4)
    with torch.no_grad():
        before = network.classifier(inside)
    truth = np.random.default_rng(0).integers(0, 3, 50)
    texts = Texts(np.array([str(n) for n in range(50)], dtype=object), truth)
    temperature = fold_temperature(network, texts, before.numpy().astype(np.float64))
    assert temperature == best_temperature(truth, before.numpy().astype(np.float64))
    with torch.no_grad():
        torch.testing.assert_close(network.classifier(inside), before / temperature)
