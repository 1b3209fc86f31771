"""Gathering what a training run learns from and is judged by."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from newsvol.engine.errors import InputError
from newsvol.models.sentiment.recipe import TrainingRecipe
from newsvol.models.text.sources import read_source
from newsvol.models.text.splits import Parts, overlapping, refuse_leak, split_texts
from newsvol.models.text.texts import Texts, join, without_duplicates


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

    def with_unlabelled(self, more: Texts, near_duplicate: float) -> "Corpus":
        """Return the corpus with `more` unlabelled texts, those left out that overlap a held-out one."""
        kept, leaked = _apart(more, self.parts, near_duplicate)
        return replace(self, unlabelled=join([self.unlabelled, kept]), dropped=self.dropped + len(leaked))

    def content_hash(self) -> str:
        """Return a hash over every text and label, in their order."""
        digest = hashlib.sha256()
        for texts in (self.training(), self.unlabelled, self.parts.validation, self.parts.test):
            digest.update("\0".join(texts.text).encode())
            digest.update(texts.label.tobytes())
        return digest.hexdigest()

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
    extras, dropped = [], 0
    for sources in (recipe.labelled, recipe.unlabelled):
        extra = join([read_source(source, data, recipe.seed) for source in sources])
        kept, leaked = _apart(extra, parts, recipe.split.near_duplicate)
        if recipe.split.overlapping == "refuse":
            refuse_leak(leaked.text)
        dropped += len(leaked)
        extras.append(kept)
    return Corpus(parts, extras[0], extras[1], dropped)


def _apart(extra: Texts, parts: Parts, near_duplicate: float) -> tuple[Texts, Texts]:
    """Return the distinct texts of `extra` that overlap no held-out one, and those that do."""
    extra = without_duplicates(extra)
    held_out = join([parts.validation, parts.test]).text
    leaks = overlapping(extra.text, held_out, near_duplicate)
    return extra.take(~leaks), extra.take(leaks)
