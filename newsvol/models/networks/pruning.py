"""Structured pruning: whole attention heads and inner neurons go, and the matrices shrink."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from transformers import BertConfig, BertForSequenceClassification

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import ModelError
from newsvol.models.networks.pruned_bert import (
    PrunedBertConfig,
    PrunedBertForSequenceClassification,
    register_pruned_bert,
)

_GROUP: Final = 8
"""Inner neurons are kept in multiples of it: matrix kernels waste the rest."""

Batch = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Importance:
    """How much the loss would move without a part, to first order.

    Attributes
    ----------
    heads : FloatArray, shape (L, H)
    neurons : FloatArray, shape (L, F)
    """

    heads: FloatArray
    neurons: FloatArray


def importance(
    network: Any, batches: Iterable[Batch], loss: Callable[[torch.Tensor, Batch], torch.Tensor]
) -> Importance:
    """Return the mean over texts of abs(sum of activation x gradient) for every head and inner neuron.

    Michel, Levy & Neubig (2019, eq. 2) for heads; the same first-order Taylor term for neurons (Molchanov et
    al. 2017). The network is left as it was found.

    Parameters
    ----------
    loss : callable
        Logits (B, 3) and their batch to a mean loss.
    """
    layers = network.bert.encoder.layer
    size = layers[0].attention.self.attention_head_size
    caught: dict[tuple[str, int], torch.Tensor] = {}
    hooks = []
    for number, layer in enumerate(layers):
        for kind, module in (("heads", layer.attention.output.dense), ("neurons", layer.output.dense)):
            hooks.append(module.register_forward_pre_hook(_catcher(caught, (kind, number))))
    sums: dict[tuple[str, int], torch.Tensor] = {}
    texts, training = 0, network.training
    network.eval()
    for batch in batches:
        inputs = {key: batch[key].to(network.device) for key in ("input_ids", "attention_mask")}
        torch.autograd.backward(loss(network(**inputs).logits, batch))
        count = len(batch["input_ids"])
        texts += count
        for place, state in caught.items():
            assert state.grad is not None
            moved = (state * state.grad).detach().sum(dim=1) * count  # (B, channels); the loss is a mean
            if place[0] == "heads":
                moved = moved.view(count, -1, size).sum(dim=2)
            sums[place] = sums.get(place, 0) + moved.abs().sum(dim=0)
        network.zero_grad()
        caught.clear()
    for hook in hooks:
        hook.remove()
    network.train(training)
    means = {
        kind: np.stack([(sums[kind, number] / texts).cpu().double().numpy() for number in range(len(layers))])
        for kind in ("heads", "neurons")
    }
    return Importance(means["heads"], means["neurons"])


def prune(network: Any, scores: Importance, share: float, share_of_heads: float | None = None) -> Any:
    """Return a new network without the least important `share` of every layer's inner neurons and heads.

    Parameters
    ----------
    share_of_heads : float, optional
        Another share for the heads; at 0 the result is a plain BERT, only narrower inside.

    Raises
    ------
    ModelError
        The network is not a plain BERT.
    """
    old = network.config
    if old.model_type != "bert":
        raise ModelError(f"only plain BERT networks can be pruned, found {old.model_type!r}")
    size = old.hidden_size // old.num_attention_heads
    gone = round((share if share_of_heads is None else share_of_heads) * old.num_attention_heads)
    heads = max(1, old.num_attention_heads - gone)
    neurons = max(_GROUP, round((1 - share) * old.intermediate_size / _GROUP) * _GROUP)
    about = old.to_dict() | {"num_attention_heads": heads, "intermediate_size": neurons}
    empty = _plain(about) if heads == old.num_attention_heads else _with_fewer_heads(about, size)
    weights = {name: value.detach().clone() for name, value in network.state_dict().items()}
    for number in range(old.num_hidden_layers):
        layer = f"bert.encoder.layer.{number}"
        channels = _best(scores.heads[number], heads)[:, None] * size + np.arange(size)
        inside = torch.from_numpy(channels.ravel()).to(network.device)
        inner = torch.from_numpy(_best(scores.neurons[number], neurons)).to(network.device)
        for part in ("query", "key", "value"):
            _take(weights, f"{layer}.attention.self.{part}", inside)
        _take(weights, f"{layer}.intermediate.dense", inner)
        for name, kept in ((f"{layer}.attention.output.dense", inside), (f"{layer}.output.dense", inner)):
            weights[f"{name}.weight"] = weights[f"{name}.weight"][:, kept]
    empty.load_state_dict(weights)
    return empty.to(network.device)


def _plain(about: dict[str, Any]) -> Any:
    config: Any = BertConfig
    return BertForSequenceClassification(config.from_dict(about))


def _with_fewer_heads(about: dict[str, Any], size: int) -> Any:
    register_pruned_bert()
    about = about | {
        "attention_head_size": size,
        "architectures": [PrunedBertForSequenceClassification.__name__],
    }
    about.pop("model_type")
    return PrunedBertForSequenceClassification(PrunedBertConfig.from_dict(about))


def _best(scores: FloatArray, count: int) -> IntArray:
    return np.sort(np.argsort(-scores, kind="stable")[:count])


def _take(weights: dict[str, torch.Tensor], name: str, kept: torch.Tensor) -> None:
    for part in ("weight", "bias"):
        weights[f"{name}.{part}"] = weights[f"{name}.{part}"][kept]


def _catcher(caught: dict[tuple[str, int], torch.Tensor], place: tuple[str, int]) -> Callable[..., None]:
    def catch(_module: Any, inputs: tuple[torch.Tensor, ...]) -> None:
        inputs[0].retain_grad()
        caught[place] = inputs[0]

    return catch
