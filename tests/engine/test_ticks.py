"""Ticks: one order for everything that wakes the clock."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.errors import TapeError
from newsvol.engine.ticks import TickFrame, TickKind, merge_ticks

# few distinct stamps, so that ties are common
stamps = st.lists(st.integers(0, 8), max_size=15).map(lambda values: np.array(sorted(values), dtype=np.int64))
streams = st.dictionaries(st.sampled_from(list(TickKind)), stamps, min_size=1)


@given(streams)
def test_ticks_are_ordered_by_availability_then_kind_then_sequence(by_kind):
    ticks = merge_ticks(by_kind)
    keys = list(zip(ticks.available_ns.tolist(), ticks.kind.tolist(), ticks.item.tolist(), strict=True))
    assert keys == sorted(keys)


@given(streams)
def test_every_item_becomes_one_tick_at_its_own_stamp(by_kind):
    ticks = merge_ticks(by_kind)
    assert len(ticks) == sum(map(len, by_kind.values()))
    for kind, available_ns in by_kind.items():
        mine = ticks.take(ticks.kind == kind)
        assert mine.item.tolist() == list(range(len(available_ns)))
        assert np.array_equal(available_ns, mine.available_ns)


@given(streams, st.randoms())
def test_the_order_in_which_streams_are_given_does_not_matter(by_kind, random):
    shuffled = list(by_kind.items())
    random.shuffle(shuffled)
    ticks, again = merge_ticks(by_kind), merge_ticks(dict(shuffled))
    assert np.array_equal(ticks.available_ns, again.available_ns)
    assert np.array_equal(ticks.kind, again.kind)
    assert np.array_equal(ticks.item, again.item)


def test_what_ends_is_met_before_what_arrives_at_the_same_instant():
    same = np.array([7])
    ticks = merge_ticks(dict.fromkeys(reversed(TickKind), same))
    assert ticks.kind.tolist() == [
        TickKind.BAR,
        TickKind.SESSION_OPEN,
        TickKind.BUCKET_END,
        TickKind.HEADLINE,
    ]


def test_columns_of_different_length_are_refused():
    with pytest.raises(TapeError, match="TickFrame columns differ in length"):
        TickFrame(np.array([1, 2]), np.array([0]), np.array([0, 1]))


def test_the_numbers_of_the_kinds_are_those_that_run_folders_hold():
    assert [int(kind) for kind in TickKind] == [0, 1, 2, 3]
