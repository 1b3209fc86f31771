"""A BERT whose heads are fewer than its width divided by theirs."""

from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification

from newsvol.models.checkpoint import open_checkpoint
from newsvol.models.networks.bert import load_start, save_network, start_tokenizer
from newsvol.models.networks.pruned_bert import (
    PrunedBertConfig,
    PrunedBertForSequenceClassification,
    register_pruned_bert,
)


def test_attention_is_as_wide_as_its_heads_and_channels_stay(pruned: Path) -> None:
    network = PrunedBertForSequenceClassification.from_pretrained(pruned)
    attention = network.bert.encoder.layer[0].attention
    assert attention.self.query.weight.shape == (3 * 8, 32)
    assert attention.output.dense.weight.shape == (32, 3 * 8)
    assert network(torch.tensor([[2, 7, 9, 3]])).logits.shape == (1, 3)


def test_with_every_head_it_says_what_a_plain_bert_says(tiny_start: Path) -> None:
    plain = load_start(tiny_start, 0).eval()
    content = {key: value for key, value in plain.config.to_dict().items() if key != "model_type"}
    same = PrunedBertForSequenceClassification(PrunedBertConfig(**content, attention_head_size=8)).eval()
    same.load_state_dict(plain.state_dict())
    ids = torch.tensor([[2, 7, 9, 11, 3]])
    torch.testing.assert_close(same(ids).logits, plain(ids).logits)


def test_it_is_saved_and_reloaded_exactly(pruned: Path, tmp_path: Path) -> None:
    network = PrunedBertForSequenceClassification.from_pretrained(pruned)
    save_network(network, start_tokenizer(pruned, 16), tmp_path)
    assert open_checkpoint(tmp_path).config["attention_head_size"] == 8
    register_pruned_bert()
    again, info = AutoModelForSequenceClassification.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    for name, value in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name
