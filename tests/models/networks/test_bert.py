"""Networks for training: loaded, drawn, cut and saved."""

import shutil
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from newsvol.engine.errors import ModelError
from newsvol.models.checkpoint import open_checkpoint
from newsvol.models.networks.bert import (
    cut,
    draw,
    load_start,
    require_same_vocabulary,
    save_network,
    start_tokenizer,
)
from newsvol.models.text.vocabulary import prune_tokenizer

CLASSIFIER = "classifier.weight"


@pytest.fixture
def tokenizer(tiny_start: Path) -> Tokenizer:
    return start_tokenizer(tiny_start, 16)


def test_a_tokenizer_cuts_where_it_is_told_and_does_not_pad(tokenizer: Tokenizer) -> None:
    short, long = tokenizer.encode_batch(["profit", "profit rose " * 30])
    assert (len(short.ids), len(long.ids)) == (3, 16)


def test_a_folder_without_a_fast_tokenizer_is_refused(tiny: Path) -> None:
    (tiny / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"has no tokenizer\.json; save its fast tokenizer there"):
        start_tokenizer(tiny, 16)


def test_the_body_is_loaded_and_the_same_seed_draws_the_same_of_the_rest(tiny_mpnet: Path) -> None:
    first, again = (load_start(tiny_mpnet, 1).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert list(load_start(tiny_mpnet, 1).config.label2id) == ["negative", "neutral", "positive"]


def test_a_drawn_network_has_the_shape_and_nothing_else_of_its_folder(tiny_start: Path) -> None:
    loaded, drawn, other = load_start(tiny_start, 0), draw(tiny_start, 1), draw(tiny_start, 2)
    shapes = [{name: value.shape for name, value in one.state_dict().items()} for one in (loaded, drawn)]
    assert shapes[0] == shapes[1]
    query = "bert.encoder.layer.0.attention.self.query.weight"
    weights = [one.state_dict()[query] for one in (loaded, drawn, other)]
    assert not torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[2])


def test_the_kept_layers_stand_in_the_order_that_was_named(tiny_start: Path) -> None:
    whole, less = (load_start(tiny_start, 0) for _ in range(2))
    cut(less, [2, 0])
    assert less.config.num_hidden_layers == 2
    for place, number in enumerate([2, 0]):
        kept, was = less.bert.encoder.layer[place], whole.bert.encoder.layer[number]
        assert torch.equal(kept.output.dense.weight, was.output.dense.weight)


def test_a_layer_that_does_not_exist_is_refused(tiny_start: Path) -> None:
    with pytest.raises(ModelError, match="layer 7 does not exist: there are 3"):
        cut(load_start(tiny_start, 0), [0, 1, 7])


def test_what_is_no_bert_is_not_cut(tiny_mpnet: Path) -> None:
    with pytest.raises(ModelError, match="only BERT networks can be cut, found 'mpnet'"):
        cut(load_start(tiny_mpnet, 0), [0])


def test_cutting_keeps_what_the_kept_layers_say(tiny_start: Path, tokenizer: Tokenizer) -> None:
    whole, same = (load_start(tiny_start, 0).eval() for _ in range(2))
    pruned, kept = prune_tokenizer(tokenizer, ["profit rose"], tokenizer.get_vocab_size() - 5)
    cut(same, [0, 1, 2], kept, 16)
    ids, new_ids = (torch.tensor([t.encode("profit rose").ids]) for t in (tokenizer, pruned))
    torch.testing.assert_close(same(new_ids).logits, whole(ids).logits)


def test_a_network_is_saved_in_half_and_opens_as_a_model_folder(
    tiny_start: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    network = load_start(tiny_start, 0)
    before = network.state_dict()[CLASSIFIER].clone()
    save_network(network, tokenizer, tmp_path)
    assert open_checkpoint(tmp_path).config["model_type"] == "bert"
    assert torch.equal(load_start(tmp_path, 9).state_dict()[CLASSIFIER], before.half().float())
    assert {oct(file.stat().st_mode & 0o777) for file in tmp_path.glob("*.safetensors")} == {"0o644"}


def test_the_same_pieces_under_other_numbers_are_another_vocabulary(tiny_start: Path, tiny: Path) -> None:
    require_same_vocabulary(tiny_start, tiny)
    text = (tiny / "tokenizer.json").read_text()
    swapped = text.replace('"bank"', '"#"').replace('"loss"', '"bank"').replace('"#"', '"loss"')
    (tiny / "tokenizer.json").write_text(swapped)
    with pytest.raises(ModelError, match=r"has another vocabulary than .*; name a student\.origin"):
        require_same_vocabulary(tiny_start, shutil.copytree(tiny, tiny.with_name("swapped")))
