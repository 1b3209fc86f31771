from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from newsvol.models.networks.bert import start_tokenizer
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
