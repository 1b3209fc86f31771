"""Scoring many texts: one worker process per core, a bounded number of chunks under way."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError
from newsvol.models.serving import Scorer, load_scorer, usable_cores

CHUNK: Final = 512
MOST_WORKERS: Final = 6
"""In FP32 each takes some 130 MB: six of them, and the process that feeds them, stay under 1 GB."""

UNDER_WAY: Final = 3
"""Chunks per worker that are read ahead: none waits for the reader, and memory stays bounded."""

_held: list[Scorer] = []
"""The scorer of a worker process, loaded once."""


def default_workers() -> int:
    """Return how many workers bulk scoring starts when it is not told."""
    return min(usable_cores(), MOST_WORKERS)


def score_chunks(
    chunks: Iterable[list[str]], model: str | Path, workers: int
) -> Iterator[tuple[list[str], FloatArray]]:
    """Yield each chunk with its probabilities, shape (N, 3), in order, scored by processes of one thread.

    Parameters
    ----------
    chunks : iterable of list of str
        Read only as fast as they are scored.

    Raises
    ------
    ModelError, UnknownNameError
        The model cannot be loaded.
    InputError
        A worker was killed, as when memory runs out.
    """
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start, (str(model),))
    under_way: deque[tuple[list[str], Future[FloatArray]]] = deque()
    try:
        for chunk in chunks:
            under_way.append((chunk, pool.submit(_score, chunk)))
            if len(under_way) >= workers * UNDER_WAY:
                yield _finished(under_way)
        while under_way:
            yield _finished(under_way)
    finally:
        pool.shutdown(cancel_futures=True)


def _finished(under_way: deque[tuple[list[str], "Future[FloatArray]"]]) -> tuple[list[str], FloatArray]:
    texts, future = under_way.popleft()
    try:
        return texts, future.result()
    except BrokenProcessPool as error:
        raise InputError("a worker process died; score with fewer, --workers 1 for none") from error


def _start(model: str) -> None:
    # Ctrl-C reaches every process of the terminal: the parent stops the workers, once their chunk is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _held.append(load_scorer(model, "cpu", threads=1))


def _score(texts: list[str]) -> FloatArray:
    return _held[0].probabilities(texts)
