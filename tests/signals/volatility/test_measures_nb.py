"""The kernels of realized measures are their plain twins."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from measured_markets import markets

from newsvol.engine.arrays import NS_PER_MINUTE, FloatArray, IntArray
from newsvol.engine.frames import BarFrame
from newsvol.signals.volatility.buckets import BucketFrame, cut_sessions
from newsvol.signals.volatility.measures import bar_arrays
from newsvol.signals.volatility.measures_nb import realized_measures_nb, truncated_measures_nb
from newsvol.signals.volatility.measures_python import (
    covered_python,
    range_measures_python,
    realized_measures_python,
    truncated_measures_python,
)

# a minute, three, twenty, and never
GAPS = st.sampled_from([1, 3, 20, 10_000])


def kernel(bars: BarFrame, buckets: BucketFrame, gap_ns: IntArray) -> FloatArray:
    stamps = (buckets.open_ns, buckets.close_ns, buckets.session)
    return np.asarray(realized_measures_nb(bar_arrays(bars), *stamps, gap_ns))


def gaps_of(minutes: int, buckets: BucketFrame) -> IntArray:
    return np.full(len(buckets), minutes * NS_PER_MINUTE)


@given(markets(), GAPS)
def test_kernel_and_twin_agree(market, gap):
    bars, sessions = market
    buckets = cut_sessions(sessions)
    before = np.searchsorted(bars.open_ns, sessions.open_ns)
    in_both = bars.close_ns[before - 1] > sessions.open_ns if len(bars) else before > 0
    bars = bars.take(np.delete(np.arange(len(bars)), before[in_both & (before > 0)] - 1))
    gap_ns = gaps_of(gap, buckets)
    table = kernel(bars, buckets, gap_ns)
    twin = realized_measures_python(bars, buckets, gap_ns)
    np.testing.assert_allclose(table[:, :7], twin, rtol=1e-12, atol=1e-18)
    np.testing.assert_allclose(table[:, -1], covered_python(bars, buckets, gap_ns))
    for threshold in (1.5, 15.0):
        stamps = (buckets.open_ns, buckets.close_ns, buckets.session)
        truncated = truncated_measures_nb(bar_arrays(bars), *stamps, gap_ns, threshold)
        twin = truncated_measures_python(bars, buckets, gap_ns, threshold)
        np.testing.assert_allclose(truncated, twin, rtol=1e-11, atol=1e-18)


@given(
    seed=st.integers(0, 2**16),
    minutes=st.sampled_from([1, 5, 30]),
    missing=st.sampled_from([0.0, 0.3, 0.95]),
    gap=GAPS,
)
def test_kernels_and_twins_of_ranges_agree(make_sessions, make_bars, seed, minutes, missing, gap):
    sessions = make_sessions(2, half_days=[1])
    bars, buckets = make_bars(sessions, seed, minutes, missing), cut_sessions(sessions)
    gap_ns = gaps_of(gap, buckets)
    table = kernel(bars, buckets, gap_ns)
    known = table[:, 0] > 0
    twin = range_measures_python(bars, buckets, gap_ns)
    np.testing.assert_allclose(table[known, 7:11], twin[known], rtol=1e-8, atol=1e-18)
