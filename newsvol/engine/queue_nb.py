"""The first-in first-out queue in front of the model."""

import numpy as np

from newsvol.engine.arrays import IntArray
from newsvol.engine.kernel import kernel


@kernel
def fifo_start_nb(arrival_ns: IntArray, service_ns: IntArray, workers: int) -> IntArray:
    """Return when each job starts: max(arrival, first worker free), in order of arrival.

    Parameters
    ----------
    arrival_ns : IntArray, shape (Q,)
        Non-decreasing.
    service_ns : IntArray, shape (Q,)
        How long each job occupies its worker.
    workers : int
        How many jobs run at once.
    """
    start = np.empty_like(arrival_ns)
    free = np.full(workers, np.iinfo(np.int64).min, dtype=np.int64)
    for i in range(len(arrival_ns)):
        worker = np.argmin(free)
        start[i] = max(arrival_ns[i], free[worker])
        free[worker] = start[i] + service_ns[i]
    return start
