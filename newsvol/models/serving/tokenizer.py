"""Headlines to word pieces, as the network of a model folder reads them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from newsvol.engine.errors import InputError, ModelError
from newsvol.models.checkpoint import Checkpoint

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_CHARACTERS: Final = 10_000
"""Longer texts are cut here before they are tokenised: what is behind it would be truncated anyway."""

DEFAULT_MAX_LENGTH: Final = 128
"""Pieces a text is cut to where the tokenizer of a folder does not say."""


def load_tokenizer(checkpoint: Checkpoint) -> "Tokenizer":
    """Return the tokenizer of a model folder, cutting where the network ends and not padding.

    Raises
    ------
    ModelError
        The file is no tokenizer, or has more pieces than the network.
    """
    from tokenizers import Tokenizer  # noqa: PLC0415 - names are looked up without it

    try:
        tokenizer = Tokenizer.from_file(str(checkpoint.tokenizer_file))
    except Exception as error:  # tokenizers raises the bare Exception for a file it cannot parse
        raise ModelError(f"{checkpoint.tokenizer_file} is not a tokenizer: {error}") from error
    words = int(checkpoint.config.get("vocab_size", 0))
    if tokenizer.get_vocab_size() > words:
        raise ModelError(
            f"{checkpoint.tokenizer_file} has {tokenizer.get_vocab_size()} pieces, config.json only {words}; "
            "they are not of one model"
        )
    positions = int(checkpoint.config.get("max_position_embeddings", DEFAULT_MAX_LENGTH))
    # Without a word from the tokenizer: RoBERTa's first two positions are not for texts.
    cut = (
        tokenizer.truncation["max_length"] if tokenizer.truncation else min(DEFAULT_MAX_LENGTH, positions - 2)
    )
    tokenizer.no_padding()
    tokenizer.enable_truncation(min(cut, positions))
    return tokenizer


def pieces_of(tokenizer: "Tokenizer", texts: Sequence[str]) -> list[list[int]]:
    """Return the word pieces of each text.

    Raises
    ------
    InputError
        A text is not a ``str``.
    """
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(f"text {row} is {type(text).__name__} {text!r:.40}, not a string")
    cut = [text[:MAX_CHARACTERS] for text in texts]
    try:
        encodings = tokenizer.encode_batch_fast(cut)
    except TypeError:  # a lone surrogate, half a character: nothing that UTF-8 can hold
        whole = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in cut]
        encodings = tokenizer.encode_batch_fast(whole)
    return [encoding.ids for encoding in encodings]
