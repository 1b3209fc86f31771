"""The ledger: where the time of each tick went, with nothing lost."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.arrays import NS_PER_MS
from newsvol.engine.errors import TapeError
from newsvol.engine.ledger import NOT_SENT, STAGES, LatencyLedger, percentiles

START_NS = 1_700_000_000_000_000_000
STAMPS = ("available_ns", "queued_ns", "started_ns", "scored_ns", "forecast_ns", "decided_ns")


def make_ledger(steps: list[list[int]], sent: list[bool], filled: list[bool]) -> LatencyLedger:
    """Rows from the time between stamps: 0 to queued, to started ... to decided, to ordered, to filled."""
    stamps = START_NS + np.cumsum(np.array(steps, dtype=np.int64).reshape(-1, 8), axis=1)
    was_sent = np.array(sent, dtype=bool)
    was_filled = was_sent & np.array(filled, dtype=bool)
    return LatencyLedger(
        kind=np.full(len(stamps), 3),
        **{name: stamps[:, place] for place, name in enumerate(STAMPS)},
        ordered_ns=np.where(was_sent, stamps[:, 6], NOT_SENT),
        filled_ns=np.where(was_filled, stamps[:, 7], NOT_SENT),
    )


@st.composite
def ledgers(draw: st.DrawFn) -> LatencyLedger:
    row = st.lists(st.integers(0, 10**12), min_size=8, max_size=8)
    steps = draw(st.lists(row, max_size=20))
    flags = st.lists(st.booleans(), min_size=len(steps), max_size=len(steps))
    return make_ledger(steps, draw(flags), draw(flags))


@given(ledgers())
def test_stages_sum_to_the_total_always(ledger):
    durations = ledger.durations_ns()
    assert set(durations) == {*STAGES, "total"}
    assert np.array_equal(sum(durations[stage] for stage in STAGES), durations["total"])
    assert all(np.all(duration >= 0) for duration in durations.values())


@given(ledgers())
def test_the_total_runs_to_the_order_where_one_was_sent_and_to_the_decision_elsewhere(ledger):
    total = ledger.durations_ns()["total"]
    assert np.array_equal((ledger.available_ns + total)[ledger.sent], ledger.ordered_ns[ledger.sent])
    assert np.array_equal((ledger.available_ns + total)[~ledger.sent], ledger.decided_ns[~ledger.sent])


@given(ledgers())
def test_waiting_for_the_market_is_no_latency(ledger):
    later = replace(
        ledger, filled_ns=np.where(ledger.filled_ns == NOT_SENT, NOT_SENT, ledger.filled_ns + 10**15)
    )
    for stage, duration in ledger.durations_ns().items():
        assert np.array_equal(duration, later.durations_ns()[stage])


def test_a_tick_without_an_order_spends_nothing_on_ordering():
    ledger = make_ledger([[0, 1, 2, 3, 4, 5, 6, 7]] * 2, sent=[True, False], filled=[True, False])
    assert ledger.sent.tolist() == [True, False]
    assert ledger.ordered_ns[1] == ledger.filled_ns[1] == NOT_SENT
    assert ledger.durations_ns()["order"].tolist() == [6, 0]
    assert ledger.durations_ns()["queue"].tolist() == [3, 3]
    assert ledger.durations_ns()["total"].tolist() == [21, 15]


def test_an_order_that_never_filled_was_sent_all_the_same():
    ledger = make_ledger([[1] * 8], sent=[True], filled=[False])
    assert ledger.sent.all()
    assert ledger.durations_ns()["order"].tolist() == [1]


@pytest.mark.parametrize("stamp", [*STAMPS[1:], "ordered_ns", "filled_ns"])
def test_a_stamp_before_the_one_before_it_is_refused(stamp):
    ledger = make_ledger([[1] * 8] * 3, sent=[True] * 3, filled=[True] * 3)
    wrong = getattr(ledger, stamp).copy()
    wrong[1] -= 2
    with pytest.raises(AssertionError):
        replace(ledger, **{stamp: wrong})


def test_a_fill_without_an_order_is_refused():
    ledger = make_ledger([[1] * 8], sent=[False], filled=[False])
    with pytest.raises(AssertionError, match="a fill without its order"):
        replace(ledger, filled_ns=ledger.decided_ns + 1)


def test_columns_of_different_length_are_refused():
    ledger = make_ledger([[1] * 8] * 2, sent=[True] * 2, filled=[True] * 2)
    with pytest.raises(TapeError, match="LatencyLedger columns differ in length"):
        replace(ledger, kind=np.array([3]))


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=200))
def test_percentiles_are_durations_that_happened(durations):
    ordered = sorted(durations)
    found = percentiles(np.array(durations, dtype=np.int64))
    for name, percent in (("p50_ms", 50), ("p95_ms", 95), ("p99_ms", 99), ("max_ms", 100)):
        # the smallest duration that at least this share of the others does not exceed
        place = -(-(len(ordered) - 1) * percent // 100)
        assert found[name] == ordered[place] / 1e6
    assert found["count"] == len(durations)
    assert found["mean_ms"] == pytest.approx(sum(durations) / len(durations) / 1e6)
    assert found["p50_ms"] <= found["p95_ms"] <= found["p99_ms"] <= found["max_ms"]


def test_no_ticks_have_no_percentiles():
    assert percentiles(np.empty(0, np.int64)) == {"count": 0}


def test_percentiles_are_those_that_their_names_say():
    found = percentiles(np.arange(101)[::-1] * NS_PER_MS)
    assert found == {"count": 101, "mean_ms": 50, "p50_ms": 50, "p95_ms": 95, "p99_ms": 99, "max_ms": 100}
