"""The three tones of a headline, in the one order that every array of probabilities uses."""

from typing import Final, Literal, TypeAlias, get_args

Label: TypeAlias = Literal["negative", "neutral", "positive"]

LABELS: Final[tuple[Label, ...]] = get_args(Label)
"""Column order of every (N, 3) array: negative, neutral, positive."""
