"""Batches: padded to their own longest text, and in the order that was given."""

from pathlib import Path

import numpy as np
import pytest
import torch

from newsvol.models.networks.bert import load_start, start_tokenizer
from newsvol.models.text.texts import UNLABELLED, Texts
from newsvol.models.training.batches import (
    FORWARD_BATCH,
    Padding,
    batches,
    predict,
    predict_probabilities,
    rows_of,
)

WORDS = ["profit rose sharply of the bank", "loss", "sales fell", "the company said"]
TEXTS = Texts(np.array(WORDS, dtype=object), np.array([2, UNLABELLED, 0, 1]))


@pytest.fixture
def network(tiny_start: Path):
    return load_start(tiny_start, 0).eval()


@pytest.fixture
def tokenizer(tiny_start: Path):
    return start_tokenizer(tiny_start, 16)


def test_a_batch_is_as_long_as_its_own_longest_text(network, tokenizer) -> None:
    first, second = batches(network, tokenizer, TEXTS, None, 2)
    lengths = [len(tokenizer.encode(text).ids) for text in WORDS]
    assert first["input_ids"].shape == (2, max(lengths[:2]))
    assert second["input_ids"].shape == (2, max(lengths[2:]))
    assert first["attention_mask"].sum(dim=1).tolist() == lengths[:2]
    assert first["input_ids"][1, lengths[1] :].eq(network.config.pad_token_id).all()
    assert [*first["label"].tolist(), *second["label"].tolist()] == TEXTS.label.tolist()


def test_a_label_stands_in_for_a_teacher_and_never_for_nothing(tokenizer) -> None:
    assert [row["soft"] for row in rows_of(tokenizer, TEXTS, None)] == [
        [0, 0, 1],
        [1, 0, 0],
        [1, 0, 0],
        [0, 1, 0],
    ]
    soft = np.full((4, 3), 1 / 3)
    assert [row["soft"] for row in rows_of(tokenizer, TEXTS, soft)] == soft.tolist()


def test_a_network_without_a_padding_piece_is_padded_with_zeros(network) -> None:
    network.config.pad_token_id = None
    ids, mask = Padding(network).ids_and_mask([[5, 6, 7], [8]])
    assert ids.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_predictions_come_in_the_order_of_the_texts(network, tokenizer) -> None:
    texts = [WORDS[n % 4] + " sales" * (n % 5) for n in range(FORWARD_BATCH + 9)]
    said = predict(network, tokenizer, texts, "fp32")
    for row in (0, 1, FORWARD_BATCH, len(texts) - 1):
        ids = torch.tensor([tokenizer.encode(texts[row]).ids])
        with torch.no_grad():
            alone = network(input_ids=ids).logits.numpy()[0]
        np.testing.assert_allclose(said[row], alone, atol=1e-5)


def test_probabilities_are_the_softmax_of_the_logits(network, tokenizer) -> None:
    logits = predict(network, tokenizer, WORDS, "fp32")
    odds = np.exp(logits)
    np.testing.assert_allclose(
        predict_probabilities(network, tokenizer, WORDS, "fp32"), odds / odds.sum(axis=1, keepdims=True)
    )
