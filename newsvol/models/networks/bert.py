"""Networks for training: the starting weights, and the smaller network cut out of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoConfig, AutoModelForSequenceClassification

from newsvol.engine.arrays import IntArray
from newsvol.engine.errors import ModelError
from newsvol.models.labels import LABELS
from newsvol.models.networks.transformers_logging import hushed

_HEAD: Final[dict[str, Any]] = {
    "num_labels": len(LABELS),
    "id2label": dict(enumerate(LABELS)),
    "label2id": {label: number for number, label in enumerate(LABELS)},
}


def start_tokenizer(folder: Path, max_length: int) -> Tokenizer:
    """Return the tokenizer of `folder`, cutting at `max_length` pieces and not padding.

    Raises
    ------
    ModelError
        The folder has no ``tokenizer.json``.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelError(f"start {folder} has no tokenizer.json; save its fast tokenizer there")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return tokenizer


def load_start(folder: Path, seed: int) -> Any:
    """Return a three-class network on the weights in `folder`; its new classifier is drawn with `seed`.

    Safetensors only, and no code of the folder is run.
    """
    torch.manual_seed(seed)
    with hushed():
        return AutoModelForSequenceClassification.from_pretrained(
            folder,
            **_HEAD,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
        )


def draw(folder: Path, seed: int) -> Any:
    """Return a three-class network of the shape in `folder`, all its weights drawn with `seed`."""
    torch.manual_seed(seed)
    with hushed():
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, **_HEAD)
    auto: Any = AutoModelForSequenceClassification
    return auto.from_config(config, dtype=torch.float32)


def require_same_vocabulary(folder: Path, other: Path) -> None:
    """Raise `ModelError` unless the tokenizers of both folders number the same pieces alike."""
    if start_tokenizer(folder, 512).get_vocab() != start_tokenizer(other, 512).get_vocab():
        raise ModelError(
            f"{other} has another vocabulary than {folder}; name a student.origin with the same one"
        )


def cut(
    network: Any, layers: Sequence[int], kept: IntArray | None = None, positions: int | None = None
) -> Any:
    """Keep only some layers, word pieces and positions of a BERT classifier, in place.

    Parameters
    ----------
    layers : sequence of int
        Layers to keep, in their new order.
    kept : IntArray, shape (V,), optional
        Rows of the word-embedding table to keep, in their new order.
    positions : int, optional
        Length of the position table that remains.

    Raises
    ------
    ModelError
        The network is not a BERT, or has no such layer.
    """
    config = network.config
    if config.model_type != "bert":
        raise ModelError(f"only BERT networks can be cut, found {config.model_type!r}")
    if max(layers) >= config.num_hidden_layers:
        raise ModelError(f"layer {max(layers)} does not exist: there are {config.num_hidden_layers}, from 0")
    bert = network.bert
    bert.encoder.layer = nn.ModuleList([bert.encoder.layer[number] for number in layers])
    config.num_hidden_layers = len(layers)
    tables = bert.embeddings
    if kept is not None:
        words = tables.word_embeddings.weight.detach()[torch.from_numpy(kept)].clone()
        tables.word_embeddings = _table(words, config.pad_token_id)
        config.vocab_size = len(kept)
    if positions is not None and positions < config.max_position_embeddings:
        places = tables.position_embeddings.weight.detach()[:positions].clone()
        tables.position_embeddings = _table(places, None)
        for buffer in ("position_ids", "token_type_ids"):
            setattr(tables, buffer, getattr(tables, buffer)[:, :positions].clone())
        config.max_position_embeddings = positions
    return network


def _table(rows: torch.Tensor, padding: int | None) -> nn.Embedding:
    count, width = rows.shape
    return nn.Embedding(count, width, padding_idx=padding, _weight=rows)


def save_network(network: Any, tokenizer: Tokenizer, folder: Path) -> None:
    """Write a plain Hugging Face folder: FP16 safetensors, configuration and tokenizer."""
    with hushed():
        network.half().save_pretrained(folder)
    for file in folder.iterdir():
        file.chmod(0o644)  # safetensors are written for their owner only
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    about = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": network.config.max_position_embeddings,
        **{f"{role}_token": f"[{role.upper()}]" for role in ("unk", "sep", "pad", "cls", "mask")},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
