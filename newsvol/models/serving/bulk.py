"""Scoring many texts: one worker process per core, a bounded number of chunks under way."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final, TypeVar

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError
from newsvol.models.serving.device import usable_cores
from newsvol.models.serving.scorer import Scorer, load_scorer

CHUNK: Final = 512
MOST_WORKERS: Final = 6
"""In FP32 each takes some 130 MB: six of them, and the process that feeds them, stay under 1 GB."""

UNDER_WAY: Final = 3
"""Chunks per worker that are read ahead: none waits for the reader, and memory stays bounded."""

Job = TypeVar("Job")

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
    try:
        yield from in_order(chunks, lambda chunk: pool.submit(_score, chunk), _result, workers)
    finally:
        pool.shutdown(cancel_futures=True)


def in_order(
    chunks: Iterable[list[str]],
    submit: Callable[[list[str]], Job],
    result: Callable[[Job], FloatArray],
    workers: int,
) -> Iterator[tuple[list[str], FloatArray]]:
    """Yield each chunk with the result of its job, in order; at most `UNDER_WAY` jobs a worker are open."""
    under_way: deque[tuple[list[str], Job]] = deque()

    def first() -> tuple[list[str], FloatArray]:
        chunk, job = under_way.popleft()
        return chunk, result(job)

    for chunk in chunks:
        under_way.append((chunk, submit(chunk)))
        if len(under_way) >= workers * UNDER_WAY:
            yield first()
    while under_way:
        yield first()


def _result(future: "Future[FloatArray]") -> FloatArray:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise InputError("a worker process died; score with fewer, --workers 1 for none") from error


def _start(model: str) -> None:
    # Ctrl-C reaches every process of the terminal: the parent stops the workers, once their chunk is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _held.append(load_scorer(model, "cpu", threads=1))


def _score(texts: list[str]) -> FloatArray:
    return _held[0].probabilities(texts)
