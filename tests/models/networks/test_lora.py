from pathlib import Path

import numpy as np
import pytest
import torch

from newsvol.engine.errors import RecipeError
from newsvol.models.checkpoint import open_checkpoint
from newsvol.models.networks.bert import load_start, start_tokenizer
from newsvol.models.networks.config import Lora
from newsvol.models.networks.lora import merge_adapters, with_adapters
from newsvol.models.sentiment.classifier import TrainingData, fit_classifier
from newsvol.models.sentiment.recipe import ClassifierFit
from newsvol.models.text.texts import Texts
from newsvol.models.training.batches import predict
from newsvol.models.training.fit import FitSetting

LORA = Lora(r=4, alpha=8, dropout=0.0)
WORDS = ["profit rose sharply", "sales fell", "the company said", "shares of the bank rose"] * 6
TEXTS = Texts(np.array(WORDS, dtype=object), np.arange(len(WORDS)) % 3)
SETTING = FitSetting("cpu", "fp32", 1, progress=False)


def stirred(adapted) -> None:
    """Give every adapter weight a value: B starts at zero, where adapters change nothing."""
    torch.manual_seed(3)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.normal_(std=0.2)


def test_merged_saved_and_reloaded_weights_give_the_adapted_logits(tiny_start: Path, tmp_path: Path) -> None:
    network = load_start(tiny_start, 0).eval()
    tokenizer = start_tokenizer(tiny_start, 32)
    plain = predict(network, tokenizer, WORDS, "fp32")
    adapted = with_adapters(network, LORA).eval()
    stirred(adapted)
    said = predict(adapted, tokenizer, WORDS, "fp32")
    merged = merge_adapters(adapted)
    merged.save_pretrained(tmp_path)
    again = load_start(tmp_path, 9).eval()
    assert np.abs(said - plain).max() > 0.01
    np.testing.assert_allclose(predict(merged, tokenizer, WORDS, "fp32"), said, atol=1e-5)
    assert (predict(again, tokenizer, WORDS, "fp32") == predict(merged, tokenizer, WORDS, "fp32")).all()


def test_a_fit_with_adapters_leaves_a_plain_network_whose_embeddings_did_not_move(
    tiny_start: Path, tmp_path: Path
) -> None:
    network = load_start(tiny_start, 0)
    names = set(network.state_dict())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    tokenizer = start_tokenizer(tiny_start, 32)
    fit_classifier(
        network,
        tokenizer,
        TrainingData(TEXTS),
        ClassifierFit(epochs=2, learning_rate=1e-2, lora=LORA),
        SETTING,
    )
    after = network.state_dict()
    assert set(after) == names
    words = "bert.embeddings.word_embeddings.weight"
    query = "bert.encoder.layer.0.attention.self.query.weight"
    assert torch.equal(after[words], before[words])
    assert not torch.equal(after[query], before[query])
    assert all(parameter.requires_grad for parameter in network.parameters())
    network.save_pretrained(tmp_path / "saved")
    tokenizer.save(str(tmp_path / "saved" / "tokenizer.json"))
    assert open_checkpoint(tmp_path / "saved").config["model_type"] == "bert"


def test_what_changes_has_the_rank_of_the_adapters(tiny_start: Path) -> None:
    network = load_start(tiny_start, 0)
    weight = network.bert.encoder.layer[1].attention.self.value.weight.detach().clone()
    adapted = with_adapters(network, Lora(r=2, alpha=4))
    stirred(adapted)
    merge_adapters(adapted)
    moved = network.bert.encoder.layer[1].attention.self.value.weight.detach() - weight
    assert torch.linalg.matrix_rank(moved, rtol=1e-4) == 2


def test_a_target_that_no_layer_has_is_refused(tiny_start: Path) -> None:
    with pytest.raises(RecipeError, match="no module's name ends in 'q_proj'"):
        with_adapters(load_start(tiny_start, 0), Lora(targets=("query", "q_proj")))
