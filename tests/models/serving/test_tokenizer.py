"""Headlines to word pieces: what is cut, replaced and refused."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from newsvol.engine.errors import InputError, ModelError
from newsvol.models.checkpoint import open_checkpoint
from newsvol.models.serving.tokenizer import DEFAULT_MAX_LENGTH, MAX_CHARACTERS, load_tokenizer, pieces_of


def opened(folder: Path) -> Tokenizer:
    return load_tokenizer(open_checkpoint(folder))


def configured(folder: Path, **changes: object) -> Path:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
    return folder


def length_of(tokenizer: Tokenizer, text: str) -> int:
    return len(pieces_of(tokenizer, [text])[0])


def test_a_broken_tokenizer_is_refused(tiny: Path) -> None:
    (tiny / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer\.json is not a tokenizer"):
        opened(tiny)


def test_a_tokenizer_of_another_model_is_refused(tiny: Path) -> None:
    content = json.loads((tiny / "tokenizer.json").read_text())
    content["model"]["vocab"] |= {"stranger": len(content["model"]["vocab"])}
    (tiny / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match="they are not of one model"):
        opened(tiny)


def test_texts_are_cut_before_the_positions_end(tiny: Path) -> None:
    assert length_of(opened(tiny), "loss " * 500) == 64 - 2
    assert (
        length_of(opened(configured(tiny, max_position_embeddings=512)), "loss " * 500) == DEFAULT_MAX_LENGTH
    )


@pytest.mark.parametrize(("said", "cut"), [(20, 20), (500, 64)])
def test_the_tokenizers_own_length_holds_as_far_as_there_are_positions(
    tiny: Path, said: int, cut: int
) -> None:
    tokenizer = Tokenizer.from_file(str(tiny / "tokenizer.json"))
    tokenizer.enable_truncation(said)
    tokenizer.save(str(tiny / "tokenizer.json"))
    assert length_of(opened(tiny), "loss " * 500) == cut


def test_texts_are_not_padded_though_the_file_says_so(tiny: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tiny / "tokenizer.json"))
    tokenizer.enable_padding(length=30)
    tokenizer.save(str(tiny / "tokenizer.json"))
    assert [len(ids) for ids in pieces_of(opened(tiny), ["profit rose", ""])] == [4, 2]


def test_what_stands_behind_the_longest_text_is_not_read(tiny: Path) -> None:
    tokenizer = opened(configured(tiny, max_position_embeddings=50_000))
    tokenizer.enable_truncation(40_000)
    long = "profit " * 3_000
    assert pieces_of(tokenizer, [long]) == pieces_of(tokenizer, [long[:MAX_CHARACTERS]])
    assert 1_000 < length_of(tokenizer, long) < 2_000


def test_a_text_that_is_not_a_string_is_named(tiny_start: Path) -> None:
    with pytest.raises(InputError, match="text 1 is float nan, not a string"):
        pieces_of(opened(tiny_start), ["profit", float("nan")])  # type: ignore[list-item]


def test_half_a_character_is_read_as_the_sign_for_an_unknown_one(tiny_start: Path) -> None:
    tokenizer = opened(tiny_start)
    broken, known = "profit \ud83d rose", "profit \ufffd rose"
    assert pieces_of(tokenizer, ["bank", broken]) == pieces_of(tokenizer, ["bank", known])
