"""What a student is taught: labels, a teacher's answers, and what goes on inside the teacher."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy, log_softmax

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import RecipeError
from newsvol.models.corpus import UNLABELLED
from newsvol.models.feeding import LOW
from newsvol.models.recipe_parts import Fit, Intermediate, Student
from newsvol.models.relations import Watch, attention_loss, hidden_loss, relation_loss


def soft_loss(logits: torch.Tensor, soft: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return T^2 times the cross-entropy between teacher and student, both at temperature T.

    Hinton, Vinyals & Dean (2015, section 2): the gradients of soft targets scale with 1 / T^2, and the factor
    undoes it, so that the weight between labels and teacher means the same at every T.

    Parameters
    ----------
    logits : Tensor, shape (B, 3)
        The student's.
    soft : Tensor, shape (B, 3)
        The teacher's probabilities at T = 1; p^(1/T), normalised, is the softmax of its logits over T.
    """
    warm = soft ** (1 / temperature)
    warm = warm / warm.sum(dim=1, keepdim=True)
    return temperature**2 * -(warm * log_softmax(logits / temperature, dim=1)).sum(dim=1).mean()


@dataclass(frozen=True)
class Objective:
    """The loss on answers: hard_weight * CE(label) + (1 - hard_weight) * `soft_loss`.

    The first term is a mean over the whole batch, texts without a label counting as zero, so that a label
    weighs the same whatever it is batched with.
    """

    weights: FloatArray
    smoothing: float
    hard_weight: float
    temperature: float

    @classmethod
    def of(cls, how: Fit, weights: FloatArray, with_teacher: bool) -> "Objective":
        """Return what `how` asks for; without a teacher, labels alone."""
        if with_teacher and isinstance(how, Student):
            return cls(weights, how.label_smoothing, how.hard_weight, how.temperature)
        return cls(weights, how.label_smoothing, 1.0, 1.0)

    def __call__(self, logits: torch.Tensor, label: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
        """Return the loss of a batch: logits (B, 3), label (B,), soft (B, 3)."""
        loss = logits.new_zeros(())
        labelled = label != UNLABELLED
        if self.hard_weight > 0 and labelled.any():
            weights = torch.as_tensor(self.weights, dtype=logits.dtype, device=logits.device)
            each = cross_entropy(
                logits,
                label,
                weights,
                ignore_index=UNLABELLED,
                label_smoothing=self.smoothing,
                reduction="none",
            )
            loss = loss + self.hard_weight * each.sum() / len(label)
        if self.hard_weight < 1:
            loss = loss + (1 - self.hard_weight) * soft_loss(logits, soft, self.temperature)
        return loss


class Guide:
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

    def __init__(self, teacher: Any, student: Any, how: Intermediate, precision: str) -> None:
        ours, theirs = student.config, teacher.config
        self.heads = ours.num_attention_heads
        if how.method == "hidden_attention":
            for what in ("hidden_size", "num_attention_heads"):
                if getattr(ours, what) != getattr(theirs, what):
                    raise RecipeError(
                        f"student.intermediate: {what} is {getattr(ours, what)} in the student and "
                        f"{getattr(theirs, what)} in the teacher; use method relations"
                    )
        elif ours.hidden_size % how.relation_heads or theirs.hidden_size % how.relation_heads:
            raise RecipeError(
                f"student.intermediate: relation_heads {how.relation_heads} must divide the widths "
                f"{ours.hidden_size} and {theirs.hidden_size}"
            )
        self.how = how
        self.precision = precision
        self.teacher = teacher.eval()
        self.student = student
        self._watches: tuple[Watch, ...] = ()

    def open(self) -> None:
        """Begin to watch both networks; adapters and rounding must be in place, or they are not seen."""
        self._watches = (
            Watch(self.student, self.how.layers.keys()),
            Watch(self.teacher, self.how.layers.values()),
        )

    def loss(self, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the weighted loss of the batch that the student has just read."""
        mask = inputs["attention_mask"]
        low = LOW.get(self.precision)
        with torch.no_grad(), torch.autocast(mask.device.type, low, enabled=low is not None):
            self.teacher.to(mask.device)(input_ids=inputs["input_ids"], attention_mask=mask)
        each = [self._layer(ours, theirs, mask) for ours, theirs in self.how.layers.items()]
        return self.how.weight * torch.stack(each).mean()

    def _layer(self, ours: int, theirs: int, mask: torch.Tensor) -> torch.Tensor:
        student, teacher = self._watches[0].seen[ours], self._watches[1].seen[theirs]
        if self.how.method == "hidden_attention":
            return hidden_loss(student.hidden, teacher.hidden, mask) + attention_loss(
                student, teacher, mask, self.heads
            )
        pairs = zip(student.parts(), teacher.parts(), strict=True)
        return torch.stack([relation_loss(*pair, mask, self.how.relation_heads) for pair in pairs]).mean()

    def close(self) -> None:
        """Take the watches off both networks."""
        for watch in self._watches:
            watch.close()
