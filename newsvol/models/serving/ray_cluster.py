"""Bulk scoring on Ray: the chunks of `bulk`, scored by actors on this machine or on a cluster."""

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError, ModelError, first_line
from newsvol.models.serving.bulk import default_workers, in_order
from newsvol.models.serving.scorer import Scorer, load_scorer
from newsvol.models.serving.variants import known_names

LOCAL: Final = "local"
"""The address that starts a Ray of its own on this machine, for the time of the scoring."""

_START_S: Final = 120.0
_KNOCK_S: Final = 10.0
_STOP_S: Final = 5.0
_STORE_BYTES: Final = 128 * 2**20
"""Object store of a Ray of our own: a chunk of headlines is some 50 kB. Ray's default is 30% of memory."""

_RESTARTS: Final = 3


@dataclass(frozen=True)
class Cluster:
    """Where Ray is, and how many actors are to score there.

    Attributes
    ----------
    address : str
        `LOCAL`, or what ``ray.init`` takes: ``auto``, ``HOST:PORT``.
    workers : int or None
        Actors, of one CPU each; None for one per core here, or per CPU that the cluster has free.
    start_s : float
        Seconds that all of them may take to start and to load the model.
    """

    address: str = LOCAL
    workers: int | None = None
    start_s: float = _START_S


def require_ray(find: Callable[[str], object | None] = find_spec) -> None:
    """Raise `InputError` if Ray is not installed; `find` is what looks for it."""
    if find("ray") is None:
        raise InputError("--cluster needs ray: pip install 'newsvol[cluster]'")


def score_on_cluster(
    chunks: Iterable[list[str]], scorer: Scorer, model: str | Path, cluster: Cluster
) -> Iterator[tuple[list[str], FloatArray]]:
    """Yield each chunk with its probabilities, shape (N, 3), in order: the bits of `score_chunks`.

    Parameters
    ----------
    chunks : iterable of list of str
        Read only as fast as they are scored: a few chunks per actor are held here, however many there are.
    scorer : Scorer
        `model` as it is loaded here; an actor whose files have another hash is refused.

    Raises
    ------
    ModelError
        An actor cannot load the model, or has another one of that name.
    InputError
        Ray is not installed, cannot be reached, gives too few workers, or lost one too often.

    Notes
    -----
    An actor that dies is started again and its chunks are scored anew, three times. A Ray that was started
    here is stopped however the scoring ends; a cluster is left as it was found.
    """
    require_ray()
    import ray  # noqa: PLC0415 - an extra, and seconds

    try:
        _join(ray, cluster)
        place = str(model) if str(model) in known_names() else str(Path(model).absolute())
        actors = _actors(ray, cluster, place, scorer.model_hash)
        yield from _scored(ray, chunks, actors)
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None) or error  # what was raised in an actor, without its traceback
        raise InputError(f"Ray at {cluster.address} failed: {first_line(cause)}") from error
    finally:
        ray.shutdown()


class Worker:
    """What an actor runs: a scorer of one thread, loaded when it is first needed."""

    def __init__(self, model: str, model_hash: str) -> None:
        self._model = model
        self._hash = model_hash
        self._scorer: Scorer | None = None

    def problem(self) -> str:
        """Load the model, and return why it cannot be used, or nothing."""
        try:
            scorer = load_scorer(self._model, "cpu", threads=1)
        except InputError as error:
            return str(error)
        if scorer.model_hash != self._hash:
            return f"{self._model} is another model there ({scorer.model_hash}, here {self._hash})"
        self._scorer = scorer
        return ""

    def score(self, texts: list[str]) -> FloatArray:
        """Return the probabilities of `texts`, shape (N, 3)."""
        if self._scorer is None:  # started again, in another process
            problem = self.problem()
            if problem:
                raise ModelError(problem)
        assert self._scorer is not None
        return self._scorer.probabilities(texts)


def _join(ray: Any, cluster: Cluster) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machine unless it is asked to
    own: dict[str, Any] = {}
    if cluster.address == LOCAL:
        cpus = cluster.workers or default_workers()
        own = {"num_cpus": cpus, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    try:
        _knock(cluster.address)
        ray.init(address=cluster.address, log_to_driver=False, logging_level="error", **own)
    except (RuntimeError, ValueError, OverflowError, OSError) as error:
        raise InputError(
            f"no Ray at {cluster.address}: {first_line(error)}; name HOST:PORT of one that runs "
            f"(RAY_AUTH_MODE=token if it wants a token), or {LOCAL}"
        ) from error


def _knock(address: str) -> None:
    """Raise `OSError` if nobody answers at HOST:PORT: Ray itself would try for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and "/" not in host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK_S).close()


def _actors(ray: Any, cluster: Cluster, model: str, model_hash: str) -> list[Any]:
    count = cluster.workers or max(int(ray.available_resources().get("CPU", 0)), 1)
    actor = ray.remote(num_cpus=1, max_restarts=_RESTARTS, max_task_retries=_RESTARTS)(Worker)
    actors = [actor.remote(model, model_hash) for _ in range(count)]
    asked = [one.problem.remote() for one in actors]
    ready, late = ray.wait(asked, num_returns=count, timeout=cluster.start_s)
    if late:
        has = int(ray.cluster_resources().get("CPU", 0))
        raise InputError(
            f"{len(ready)} of {count} workers started within {cluster.start_s:g} s on the {has} CPUs at "
            f"{cluster.address}; ask for fewer with --workers"
        )
    for problem in ray.get(ready):
        if problem:
            raise ModelError(f"a worker at {cluster.address} cannot load the model: {problem}")
    return actors


def _scored(
    ray: Any, chunks: Iterable[list[str]], actors: list[Any]
) -> Iterator[tuple[list[str], FloatArray]]:
    held: list[list[Any]] = [[] for _ in actors]

    def submit(chunk: list[str]) -> Any:
        # The least busy actor, so that a slow machine gets less and does not hold up the others.
        for at, refs in enumerate(held):
            held[at] = ray.wait(refs, num_returns=len(refs), timeout=0)[1] if refs else refs
        least = min(range(len(actors)), key=lambda at: len(held[at]))
        ref = actors[least].score.remote(chunk)
        held[least].append(ref)
        return ref

    try:
        yield from in_order(chunks, submit, ray.get, len(actors))
    finally:
        _abandon(ray, actors, [ref for refs in held for ref in refs])


def _abandon(ray: Any, actors: list[Any], refs: list[Any]) -> None:
    """End what is still being scored, while there is a Ray that can be told: at its end it would complain."""
    open_refs = ray.wait(refs, num_returns=len(refs), timeout=0)[1] if refs else []
    if open_refs:
        for actor in actors:
            ray.kill(actor)
        ray.wait(open_refs, num_returns=len(open_refs), timeout=_STOP_S)
