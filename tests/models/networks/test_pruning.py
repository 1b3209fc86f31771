from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertForSequenceClassification

from newsvol.engine.errors import ModelError
from newsvol.models.checkpoint import open_checkpoint
from newsvol.models.networks.bert import load_start, save_network, start_tokenizer
from newsvol.models.networks.pruning import Importance, importance, prune
from newsvol.models.sentiment.classifier import TrainingData, answer_loss
from newsvol.models.sentiment.recipe import ClassifierFit
from newsvol.models.text.texts import Texts
from newsvol.models.training.batches import batches, predict

WORDS = ["profit rose sharply", "sales fell", "the company said so", "shares of the bank rose", "loss"]
LESSON = TrainingData(Texts(np.array(WORDS, dtype=object), np.array([2, 0, 1, 2, 0])))
HOW = ClassifierFit()


@pytest.fixture
def network(tiny_start: Path):
    return load_start(tiny_start, 0).eval()


@pytest.fixture
def tokenizer(tiny_start: Path):
    return start_tokenizer(tiny_start, 16)


def found(network, tokenizer, size: int = 2) -> Importance:
    return importance(
        network, batches(network, tokenizer, LESSON.texts, None, size), answer_loss(LESSON, HOW)
    )


@pytest.mark.parametrize(("share", "heads", "neurons"), [(0.3, 3, 48), (0.5, 2, 32)])
def test_dimensions_really_go(network, tokenizer, share: float, heads: int, neurons: int) -> None:
    smaller = prune(network, found(network, tokenizer), share)
    layer = smaller.bert.encoder.layer[1]
    assert layer.attention.self.query.weight.shape == (heads * 8, 32)
    assert layer.attention.output.dense.weight.shape == (32, heads * 8)
    assert layer.intermediate.dense.weight.shape == (neurons, 32)
    assert layer.output.dense.weight.shape == (32, neurons)
    inside = sum(parameter.numel() for parameter in smaller.bert.encoder.parameters())
    whole = sum(parameter.numel() for parameter in network.bert.encoder.parameters())
    assert inside < (1 - 0.7 * share) * whole


def test_with_all_its_heads_a_pruned_network_is_a_plain_bert(network, tokenizer, tmp_path: Path) -> None:
    smaller = prune(network, found(network, tokenizer), 0.5, share_of_heads=0).eval()
    save_network(smaller, tokenizer, tmp_path)
    assert open_checkpoint(tmp_path).config["model_type"] == "bert"
    again = BertForSequenceClassification.from_pretrained(tmp_path, dtype=torch.float32).eval()
    assert again.bert.encoder.layer[0].intermediate.dense.weight.shape == (32, 32)
    said = [predict(one, tokenizer, WORDS, "fp32") for one in (again, smaller.float())]
    np.testing.assert_array_equal(*said)


def test_pruning_is_what_masking_the_same_parts_gives(network, tokenizer) -> None:
    scores = found(network, tokenizer)
    smaller = prune(network, scores, 0.5).eval()
    with torch.no_grad():
        for number, layer in enumerate(network.bert.encoder.layer):
            for head in np.argsort(-scores.heads[number])[2:]:
                layer.attention.output.dense.weight[:, 8 * head : 8 * head + 8] = 0
            layer.output.dense.weight[:, np.argsort(-scores.neurons[number])[32:].copy()] = 0
    said = [predict(one, tokenizer, WORDS, "fp32") for one in (smaller, network)]
    np.testing.assert_allclose(said[0], said[1], atol=1e-5)


def test_importance_is_the_slope_of_the_loss_along_a_parts_gate(network, tokenizer) -> None:
    """The sum of activation x gradient is dL / d gate at gate 1, here by finite differences."""
    lesson = TrainingData(LESSON.texts.take([3]))
    loss = answer_loss(lesson, HOW)
    scores = importance(network, batches(network, tokenizer, lesson.texts, None, 1), loss)
    (batch,) = batches(network, tokenizer, lesson.texts, None, 1)
    weight = network.bert.encoder.layer[0].attention.output.dense.weight
    values = []
    for gate in (0.99, 1.01):
        with torch.no_grad():
            kept = weight.clone()
            weight[:, 8:16] *= gate
            logits = network(input_ids=batch["input_ids"]).logits
            values.append(float(loss(logits, batch)))
            weight.copy_(kept)
    assert scores.heads[0, 1] == pytest.approx(abs(values[1] - values[0]) / 0.02, rel=0.05)


def test_importance_does_not_depend_on_the_batch_size(network, tokenizer) -> None:
    # Weights of classes are 1, so that the loss of each text is its own, whatever it is batched with.
    one, many = found(network, tokenizer, 1), found(network, tokenizer, 5)
    np.testing.assert_allclose(one.heads, many.heads, rtol=1e-3)
    np.testing.assert_allclose(one.neurons, many.neurons, rtol=1e-2, atol=1e-7)


def test_the_least_important_parts_go_first(network) -> None:
    scores = Importance(np.tile([0.1, 3.0, 2.0, 0.2], (3, 1)), np.tile(np.arange(64.0), (3, 1)))
    smaller = prune(network, scores, 0.5)
    old, new = (one.bert.encoder.layer[2] for one in (network, smaller))
    assert torch.equal(new.attention.self.key.weight, old.attention.self.key.weight[8:24])
    assert torch.equal(new.intermediate.dense.bias, old.intermediate.dense.bias[32:])


def test_only_a_plain_bert_is_pruned(network, tokenizer) -> None:
    smaller = prune(network, found(network, tokenizer), 0.3)
    with pytest.raises(ModelError, match="only plain BERT networks can be pruned, found 'pruned_bert'"):
        prune(smaller, found(smaller, tokenizer), 0.3)
