from pathlib import Path

import numpy as np
import pytest
import torch

from newsvol.models.networks.bert import load_start, start_tokenizer
from newsvol.models.networks.qat import convert_int8, prepare_int8, strip_int8
from newsvol.models.sentiment.classifier import TrainingData, fit_classifier
from newsvol.models.sentiment.recipe import ClassifierFit
from newsvol.models.text.texts import Texts
from newsvol.models.training.batches import predict
from newsvol.models.training.fit import FitSetting

WORDS = ["profit rose sharply", "sales fell", "the company said", "shares of the bank rose"] * 6
TEXTS = Texts(np.array(WORDS, dtype=object), np.arange(len(WORDS)) % 3)


@pytest.fixture
def network(tiny_start: Path):
    return load_start(tiny_start, 0).eval()


@pytest.fixture
def tokenizer(tiny_start: Path):
    return start_tokenizer(tiny_start, 16)


def test_what_is_learned_with_is_what_int8_serves(network, tokenizer) -> None:
    plain = predict(network, tokenizer, WORDS, "fp32")
    prepare_int8(network)
    rounded = predict(network, tokenizer, WORDS, "fp32")
    assert 0 < np.abs(rounded - plain).max() < 0.2
    strip_int8(network)
    assert (predict(network, tokenizer, WORDS, "fp32") == plain).all()
    convert_int8(network)
    np.testing.assert_allclose(predict(network, tokenizer, WORDS, "fp32"), rounded, atol=1e-4)


def test_converted_weights_are_int8_with_a_scale_per_channel(network) -> None:
    convert_int8(network)
    weight = network.bert.encoder.layer[0].intermediate.dense.weight
    assert weight.qdata.dtype == torch.int8
    assert weight.scale.numel() == 64


def test_gradients_flow_through_the_rounding(network, tokenizer) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    prepare_int8(network)
    how = ClassifierFit(epochs=2, learning_rate=1e-3, batch=8)
    fit_classifier(network, tokenizer, TrainingData(TEXTS), how, FitSetting("cpu", "fp32", 1, progress=False))
    strip_int8(network)
    after = network.state_dict()
    assert after.keys() == before.keys()
    name = "bert.encoder.layer.1.output.dense.weight"
    assert not torch.equal(after[name], before[name])
    assert {type(module).__name__ for module in network.modules() if hasattr(module, "in_features")} == {
        "Linear"
    }
