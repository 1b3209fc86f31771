"""Queueing in plain Python: the twin that the kernel is tested against."""

import heapq

import numpy as np

from newsvol.engine.arrays import IntArray


def fifo_start_python(arrival_ns: IntArray, service_ns: IntArray, workers: int) -> IntArray:
    """Return when each job starts; same contract as `queue_nb.fifo_start_nb`."""
    free = [np.iinfo(np.int64).min] * workers
    start = []
    for arrival, service in zip(arrival_ns.tolist(), service_ns.tolist(), strict=True):
        begun = max(arrival, heapq.heappop(free))
        heapq.heappush(free, begun + service)
        start.append(begun)
    return np.array(start, dtype=np.int64)
