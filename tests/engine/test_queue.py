"""The queue in front of the model: first in, first out, and nobody works twice at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.queue_nb import fifo_start_nb
from newsvol.engine.queue_python import fifo_start_python


@st.composite
def jobs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    gaps = draw(st.lists(st.integers(0, 20), max_size=40))
    services = draw(st.lists(st.integers(0, 30), min_size=len(gaps), max_size=len(gaps)))
    first = draw(st.sampled_from([0, -5, 1_700_000_000_000_000_000]))
    arrival = first + np.cumsum(np.array(gaps, dtype=np.int64))
    return arrival.astype(np.int64), np.array(services, dtype=np.int64), draw(st.integers(1, 4))


@given(jobs())
def test_kernel_and_twin_agree(queue):
    assert np.array_equal(fifo_start_nb(*queue), fifo_start_python(*queue))


@given(jobs())
def test_no_job_starts_before_it_arrived_or_overtakes(queue):
    arrival, _, _ = queue
    start = fifo_start_nb(*queue)
    assert np.all(start >= arrival)
    assert np.all(np.diff(start) >= 0)


@given(jobs())
def test_workers_never_run_more_jobs_than_there_are_workers(queue):
    _, service, workers = queue
    start = fifo_start_nb(*queue)
    end = start + service
    for instant in start:
        assert np.sum((start <= instant) & (instant < end)) <= workers


@given(jobs())
def test_nobody_idles_while_a_job_waits(queue):
    arrival, service, workers = queue
    start = fifo_start_nb(*queue)
    end = start + service
    for row in np.flatnonzero(start > arrival):
        # just before a delayed job starts, every worker is busy with an earlier one
        assert np.sum((start[:row] < start[row]) & (end[:row] >= start[row])) >= workers


@pytest.mark.parametrize("fifo", [fifo_start_nb, fifo_start_python])
def test_a_burst_waits_in_line(fifo):
    arrival, service = np.full(5, 100), np.full(5, 10)
    assert fifo(arrival, service, 1).tolist() == [100, 110, 120, 130, 140]
    assert fifo(arrival, service, 2).tolist() == [100, 100, 110, 110, 120]


@pytest.mark.parametrize("fifo", [fifo_start_nb, fifo_start_python])
def test_a_free_model_starts_at_once(fifo):
    arrival = np.array([0, 50, 100])
    assert fifo(arrival, np.array([50, 50, 50]), 1).tolist() == [0, 50, 100]


@pytest.mark.parametrize("fifo", [fifo_start_nb, fifo_start_python])
def test_an_empty_queue_starts_nothing(fifo):
    assert len(fifo(np.empty(0, np.int64), np.empty(0, np.int64), 2)) == 0
