"""Comparing the insides of two networks that read the same pieces. B texts, T pieces, C channels, H heads."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch.nn.functional import log_softmax, softmax

_PARTS: Final = ("query", "key", "value")
_NEVER: Final = -1e9


@dataclass
class Seen:
    """What one layer computed in the last forward pass, each (B, T, C)."""

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    hidden: torch.Tensor

    def parts(self) -> list[torch.Tensor]:
        """Return queries, keys and values."""
        return [self.query, self.key, self.value]


class Watch:
    """Hooks on some layers of a BERT that keep what they compute in the forward pass.

    Attributes
    ----------
    seen : dict of int to Seen
        By layer.
    """

    def __init__(self, network: Any, layers: Iterable[int]) -> None:
        self.seen: dict[int, Seen] = {}
        self._hooks: list[Any] = []
        nothing = torch.empty(0)
        for number in set(layers):
            layer = network.bert.encoder.layer[number]
            self.seen[number] = Seen(nothing, nothing, nothing, nothing)
            for name in _PARTS:
                self._hook(getattr(layer.attention.self, name), number, name)
            self._hook(layer, number, "hidden")

    def _hook(self, module: Any, number: int, name: str) -> None:
        def keep(_module: Any, _inputs: Any, output: Any) -> None:
            whole = output[0] if isinstance(output, tuple) else output
            setattr(self.seen[number], name, whole.float())

        self._hooks.append(module.register_forward_hook(keep))

    def close(self) -> None:
        """Take the hooks off."""
        for hook in self._hooks:
            hook.remove()


def hidden_loss(ours: torch.Tensor, theirs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean squared difference of hidden states (B, T, C) over real pieces (Jiao et al. 2020)."""
    real = mask.unsqueeze(-1).to(ours.dtype)
    return ((ours - theirs) ** 2 * real).sum() / (real.sum() * ours.shape[-1])


def attention_loss(ours: Seen, theirs: Seen, mask: torch.Tensor, heads: int) -> torch.Tensor:
    """Return the divergence of the attention distributions, mean over real rows and heads."""
    scores = [_scores(one.query, one.key, heads) for one in (ours, theirs)]
    return _divergence(scores[0], scores[1], mask)


def relation_loss(ours: torch.Tensor, theirs: torch.Tensor, mask: torch.Tensor, heads: int) -> torch.Tensor:
    """Return the divergence of self-relations softmax(A A^T / sqrt(d)) (Wang et al. 2021, eq. 4-6).

    Parameters
    ----------
    ours, theirs : Tensor, shape (B, T, C)
        Queries, keys or values of student and teacher; C may differ, both are divided into `heads`.
    """
    return _divergence(_scores(ours, ours, heads), _scores(theirs, theirs, heads), mask)


def _scores(rows: torch.Tensor, columns: torch.Tensor, heads: int) -> torch.Tensor:
    """(B, T, C) twice to scaled products (B, H, T, T)."""
    count, length, width = rows.shape
    size = width // heads
    left, right = (state.view(count, length, heads, size).transpose(1, 2) for state in (rows, columns))
    product: torch.Tensor = left @ right.transpose(-1, -2) / size**0.5
    return product


def _divergence(ours: torch.Tensor, theirs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """KL(teacher || student) of softmaxed scores (B, H, T, T), mean over real rows and heads."""
    padded = (mask == 0)[:, None, None, :]
    student = log_softmax(ours.masked_fill(padded, _NEVER), dim=-1)
    scores = theirs.masked_fill(padded, _NEVER)
    each = (softmax(scores, dim=-1) * (log_softmax(scores, dim=-1) - student)).sum(dim=-1)
    real = mask[:, None, :].to(each.dtype)
    return (each * real).sum() / (real.sum() * ours.shape[1])
