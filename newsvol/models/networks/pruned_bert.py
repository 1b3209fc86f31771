"""A BERT classifier with fewer heads than its width has room for: a plain one cannot say so in its config."""

import copy
from typing import Any

from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
)


class PrunedBertConfig(BertConfig):  # type: ignore[no-untyped-call]
    """BERT's configuration, where `attention_head_size` is not hidden_size / num_attention_heads."""

    model_type = "pruned_bert"
    attention_head_size: int = 64


class PrunedBertForSequenceClassification(BertForSequenceClassification):  # type: ignore[no-untyped-call]
    """A BERT whose attention is num_attention_heads * attention_head_size wide, inside hidden_size channels.

    Tensors have BERT's names; only shapes differ: query, key, value (A, C) and attention.output.dense (C, A).
    """

    config_class = PrunedBertConfig

    def __init__(self, config: PrunedBertConfig) -> None:
        whole = copy.deepcopy(config)  # as many heads as fit the width, so that BERT accepts it
        whole.num_attention_heads = config.hidden_size // config.attention_head_size
        super().__init__(whole)
        self.config = config
        inside = config.num_attention_heads * config.attention_head_size
        bert: Any = self.bert
        for layer in bert.encoder.layer:
            attention = layer.attention.self
            attention.num_attention_heads = config.num_attention_heads
            attention.all_head_size = inside
            for part in ("query", "key", "value"):
                setattr(attention, part, nn.Linear(config.hidden_size, inside))
            layer.attention.output.dense = nn.Linear(inside, config.hidden_size)


def register_pruned_bert() -> None:
    """Let the Auto classes of transformers load folders of `PrunedBertForSequenceClassification`."""
    AutoConfig.register(PrunedBertConfig.model_type, PrunedBertConfig, exist_ok=True)
    AutoModelForSequenceClassification.register(
        PrunedBertConfig, PrunedBertForSequenceClassification, exist_ok=True
    )
