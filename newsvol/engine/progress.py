"""How long work tells what it is doing."""

from collections.abc import Callable
from typing import TypeAlias

OnProgress: TypeAlias = Callable[[str, int, int], None]
"""Called with a stage, what is done of it, and what there is."""


def silent(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody."""
