from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from newsvol.models.networks.bert import cut, load_start, start_tokenizer
from newsvol.models.text.vocabulary import prune_tokenizer


@pytest.fixture
def tokenizer(tiny_start: Path) -> Tokenizer:
    return start_tokenizer(tiny_start, 16)


def test_a_frequent_word_stays_whole_and_a_dropped_one_is_spelled(tokenizer: Tokenizer) -> None:
    room = tokenizer.get_vocab_size() - 10
    pruned, kept = prune_tokenizer(tokenizer, ["profit rose"] * 3, room)
    assert len(kept) <= room
    assert pruned.encode("profit").tokens == ["[CLS]", "profit", "[SEP]"]
    assert pruned.encode("bank").tokens == ["[CLS]", "b", "##a", "##n", "##k", "[SEP]"]


def test_a_text_of_kept_words_keeps_its_embeddings(tokenizer: Tokenizer) -> None:
    pruned, kept = prune_tokenizer(tokenizer, ["profit rose"], tokenizer.get_vocab_size() - 5)
    assert kept[pruned.encode("profit rose").ids].tolist() == tokenizer.encode("profit rose").ids


def test_no_size_keeps_everything(tokenizer: Tokenizer) -> None:
    same, kept = prune_tokenizer(tokenizer, [], None)
    assert same is tokenizer
    np.testing.assert_array_equal(kept, np.arange(tokenizer.get_vocab_size()))


def test_cutting_keeps_what_the_kept_layers_say(tiny_start: Path, tokenizer: Tokenizer) -> None:
    import torch

    whole, same = (load_start(tiny_start, 0).eval() for _ in range(2))
    pruned, kept = prune_tokenizer(tokenizer, ["profit rose"], tokenizer.get_vocab_size() - 5)
    cut(same, [0, 1, 2], kept, 16)
    ids, new_ids = (torch.tensor([t.encode("profit rose").ids]) for t in (tokenizer, pruned))
    torch.testing.assert_close(same(new_ids).logits, whole(ids).logits)
