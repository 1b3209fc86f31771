"""Losses on answers: labels, and a teacher's probabilities."""

from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy, log_softmax

from newsvol.engine.arrays import FloatArray
from newsvol.models.text.texts import UNLABELLED


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
class DistillationLoss:
    """The loss on answers: hard_weight * CE(label) + (1 - hard_weight) * `soft_loss`.

    The first term is a mean over the whole batch, texts without a label counting as zero, so that a label
    weighs the same whatever it is batched with.
    """

    weights: FloatArray
    smoothing: float
    hard_weight: float
    temperature: float

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
