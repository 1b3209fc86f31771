"""Intermediate-layer distillation: a student imitates the insides of its teacher.

Both read the same pieces. B texts, T pieces, C channels, H heads.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch.nn.functional import log_softmax, softmax

from newsvol.engine.errors import RecipeError
from newsvol.models.training.batches import LOW
from newsvol.models.training.config import Intermediate

_PARTS: Final = ("query", "key", "value")
_NEVER: Final = -1e9


@dataclass
class LayerActivations:
    """What one layer computed in the last forward pass, each (B, T, C)."""

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    hidden: torch.Tensor

    def parts(self) -> list[torch.Tensor]:
        """Return queries, keys and values."""
        return [self.query, self.key, self.value]


class ActivationHooks:
    """Hooks on some layers of a BERT that keep what they compute in the forward pass.

    Attributes
    ----------
    seen : dict of int to Seen
        By layer.
    """

    def __init__(self, network: Any, layers: Iterable[int]) -> None:
        self.seen: dict[int, LayerActivations] = {}
        self._hooks: list[Any] = []
        nothing = torch.empty(0)
        for number in set(layers):
            layer = network.bert.encoder.layer[number]
            self.seen[number] = LayerActivations(nothing, nothing, nothing, nothing)
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


class IntermediateTeacher:
    """A teacher that is watched while the student learns.

    Parameters
    ----------
    teacher : module
        Reads the same pieces as the student; it follows the student to its device.
    how : Intermediate
        Which layers, compared how.
    precision : str
        Of the teacher's forward pass.

    Raises
    ------
    RecipeError
        `hidden_attention` between networks of different widths or heads, or widths that `relation_heads` does
        not divide.
    """

    def __init__(self, teacher: Any, student: Any, config: Intermediate, precision: str) -> None:
        ours, theirs = student.config, teacher.config
        self.heads = ours.num_attention_heads
        if config.method == "hidden_attention":
            for what in ("hidden_size", "num_attention_heads"):
                if getattr(ours, what) != getattr(theirs, what):
                    raise RecipeError(
                        f"student.intermediate: {what} is {getattr(ours, what)} in the student and "
                        f"{getattr(theirs, what)} in the teacher; use method relations"
                    )
        elif ours.hidden_size % config.relation_heads or theirs.hidden_size % config.relation_heads:
            raise RecipeError(
                f"student.intermediate: relation_heads {config.relation_heads} must divide the widths "
                f"{ours.hidden_size} and {theirs.hidden_size}"
            )
        self.config = config
        self.precision = precision
        self.teacher = teacher.eval()
        self.student = student
        self._watches: tuple[ActivationHooks, ...] = ()

    def open(self) -> None:
        """Begin to watch both networks; adapters and rounding must be in place, or they are not seen."""
        self._watches = (
            ActivationHooks(self.student, self.config.layers.keys()),
            ActivationHooks(self.teacher, self.config.layers.values()),
        )

    def loss(self, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the weighted loss of the batch that the student has just read."""
        mask = inputs["attention_mask"]
        low = LOW.get(self.precision)
        with torch.no_grad(), torch.autocast(mask.device.type, low, enabled=low is not None):
            self.teacher.to(mask.device)(input_ids=inputs["input_ids"], attention_mask=mask)
        each = [self._layer(ours, theirs, mask) for ours, theirs in self.config.layers.items()]
        return self.config.weight * torch.stack(each).mean()

    def _layer(self, ours: int, theirs: int, mask: torch.Tensor) -> torch.Tensor:
        student, teacher = self._watches[0].seen[ours], self._watches[1].seen[theirs]
        if self.config.method == "hidden_attention":
            return hidden_loss(student.hidden, teacher.hidden, mask) + attention_loss(
                student, teacher, mask, self.heads
            )
        pairs = zip(student.parts(), teacher.parts(), strict=True)
        return torch.stack([relation_loss(*pair, mask, self.config.relation_heads) for pair in pairs]).mean()

    def close(self) -> None:
        """Take the watches off both networks."""
        for watch in self._watches:
            watch.close()


def hidden_loss(ours: torch.Tensor, theirs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean squared difference of hidden states (B, T, C) over real pieces (Jiao et al. 2020)."""
    real = mask.unsqueeze(-1).to(ours.dtype)
    return ((ours - theirs) ** 2 * real).sum() / (real.sum() * ours.shape[-1])


def attention_loss(
    ours: LayerActivations, theirs: LayerActivations, mask: torch.Tensor, heads: int
) -> torch.Tensor:
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
