"""Gathering what a training run learns from and is judged by."""

from dataclasses import dataclass
from pathlib import Path

from newsvol.engine.errors import InputError
from newsvol.models.corpus import Texts, join, read_source, without_duplicates
from newsvol.models.splits import Parts, overlapping, refuse_leak, split_texts
from newsvol.models.training_recipe import TrainingRecipe


@dataclass(frozen=True)
class Corpus:
    """What a run learns from, and what it is judged by.

    Attributes
    ----------
    parts : Parts
        The evaluated source, split.
    labelled, unlabelled : Texts
        Extra texts for training; none overlaps the validation or test part.
    dropped : int
        Extra texts that were left out because they did.
    """

    parts: Parts
    labelled: Texts
    unlabelled: Texts
    dropped: int

    def training(self) -> Texts:
        """Return every text with a label that may be learned from."""
        return join([self.parts.train, self.labelled])

    def counts(self) -> dict[str, int]:
        """Return how many texts there are of each kind."""
        held = {name: len(getattr(self.parts, name)) for name in ("train", "validation", "test")}
        return {
            **held,
            "labelled_extra": len(self.labelled),
            "unlabelled": len(self.unlabelled),
            "dropped_as_overlapping": self.dropped,
        }


def gather(recipe: TrainingRecipe, data: Path) -> Corpus:
    """Read the recipe's sources, remove duplicates, split, and drop whatever overlaps a held-out text.

    Raises
    ------
    InputError
        A source cannot be read, the evaluated source has no labels, or ``split.overlapping`` is
        ``refuse`` and a training text overlaps a held-out one.
    """
    evaluated = without_duplicates(read_source(recipe.evaluated, data, recipe.seed))
    if len(evaluated) == 0 or (evaluated.label < 0).any():
        raise InputError(
            f"{recipe.evaluated.file} gave no labelled texts; `evaluated` needs a source with labels"
        )
    parts = split_texts(evaluated, recipe.split, recipe.seed)
    held_out = join([parts.validation, parts.test]).text
    extras, dropped = [], 0
    for sources in (recipe.labelled, recipe.unlabelled):
        extra = without_duplicates(join([read_source(source, data, recipe.seed) for source in sources]))
        leaks = overlapping(extra.text, held_out, recipe.split.near_duplicate)
        if recipe.split.overlapping == "refuse":
            refuse_leak(extra.text[leaks])
        dropped += int(leaks.sum())
        extras.append(extra.take(~leaks))
    return Corpus(parts, extras[0], extras[1], dropped)
