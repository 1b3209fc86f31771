"""Pruning a WordPiece vocabulary: rare words fall back to their pieces, and most of the file goes."""

import json
from collections import Counter
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from newsvol.engine.arrays import IntArray
from newsvol.engine.errors import ModelError
from newsvol.models.text.texts import Strings


def prune_tokenizer(tokenizer: Tokenizer, texts: Strings, size: int | None) -> tuple[Tokenizer, IntArray]:
    """Keep the `size` word pieces that `texts` use most.

    Special tokens and the single characters of Latin script always stay, so that a word whose piece was
    dropped is spelled by shorter ones instead of becoming unknown.

    Returns
    -------
    tokenizer : Tokenizer
        Its ids are positions in `kept`.
    kept : IntArray, shape (V,)
        Ids in the old vocabulary, ascending: the rows of the embedding table to keep.

    Raises
    ------
    ModelError
        The tokenizer is not WordPiece.
    """
    content: dict[str, Any] = json.loads(tokenizer.to_str())
    if content["model"]["type"] != "WordPiece":
        raise ModelError(f"only WordPiece vocabularies can be pruned, found {content['model']['type']}")
    vocabulary: dict[str, int] = content["model"]["vocab"]
    if size is None or size >= len(vocabulary):
        return tokenizer, np.sort(np.array([*vocabulary.values()], np.int64))
    uses = Counter(number for encoding in tokenizer.encode_batch_fast(list(texts)) for number in encoding.ids)
    always = {token["id"] for token in content["added_tokens"]}
    always |= {
        n for token, n in vocabulary.items() if len(c := token.removeprefix("##")) == 1 and ord(c) < 0x250
    }
    ranked = [number for number, _ in sorted(uses.items(), key=lambda item: (-item[1], item[0]))]
    room = max(0, size - len(always))
    kept = np.sort(np.array([*always, *[n for n in ranked if n not in always][:room]], np.int64))
    new_id = {int(old): new for new, old in enumerate(kept)}
    content["model"]["vocab"] = {t: new_id[n] for t, n in vocabulary.items() if n in new_id}
    for token in content["added_tokens"]:
        token["id"] = new_id[token["id"]]
    for special in content["post_processor"]["special_tokens"].values():
        special["ids"] = [new_id[number] for number in special["ids"]]
    return Tokenizer.from_str(json.dumps(content)), kept
