"""What the audit's interpreters are given: the tape, drawn sentiment, and the recipe as plain values."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.replays.tapes.tape import Tape, save_tape


def write_setting(
    scratch: Path,
    tape: Tape,
    content: Mapping[str, Any],
    where: str,
    folder: Path,
    allowed: Sequence[Path],
    seed: int,
) -> dict[str, Any]:
    """Write tape and sentiment below `scratch`, and return what an interpreter is told before all jobs.

    Parameters
    ----------
    content, where, folder
        A recipe as `recipe_content` returns it.
    allowed : sequence of Path
        Files and folders that a plug-in may read.
    seed : int
        Draws the sentiment.
    """
    save_tape(tape, scratch / "tape")
    probs = _drawn_sentiment(len(tape.news), np.random.default_rng(seed))
    np.save(scratch / "probs.npy", probs)
    return {
        "tape": str(scratch / "tape"),
        "probs": str(scratch / "probs.npy"),
        "content": _plain(content),
        "where": where,
        "folder": str(folder.absolute()),
        "allowed": [str(path.absolute()) for path in allowed],
        "path": [str(Path(place).absolute()) for place in sys.path],
    }


def _drawn_sentiment(headlines: int, rng: np.random.Generator) -> FloatArray:
    """Draw probabilities, shape (N, 3): stretches of one sign, as real news has, and calm ones between."""
    probs = np.empty((headlines, 3))
    row = 0
    while row < headlines:
        length = int(rng.integers(5, 60))
        leaning = np.full(3, 0.4)
        leaning[rng.integers(0, 3)] += 4.0
        stretch = slice(row, min(row + length, headlines))
        probs[stretch] = rng.dirichlet(leaning, size=stretch.stop - stretch.start)
        row += length
    return probs


def _plain(content: Any) -> Any:
    """Return a recipe's content as JSON takes it: days as text, paths too."""
    if isinstance(content, Mapping):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    with suppress(AttributeError):
        return content.isoformat()
    return str(content) if isinstance(content, Path) else content


def without_measuring(content: Mapping[str, Any]) -> dict[str, Any]:
    """Charge nothing where the recipe measures: an audit runs no model whose time could be taken."""
    latency = dict(content.get("latency") or {})
    if str(latency.get("model", "measured")).startswith(("measured", "recorded")):
        latency["model"] = "zero"
    return {**content, "latency": latency}
