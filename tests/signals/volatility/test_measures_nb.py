"""The kernels of realized measures are their plain twins."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from measured_markets import markets

from newsvol.signals.volatility.buckets import cut_sessions
from newsvol.signals.volatility.measures import RealizedMeasures, realized_measures
from newsvol.signals.volatility.measures_python import range_measures_python, realized_measures_python


def table_of(measures: RealizedMeasures) -> np.ndarray:
    """The seven columns that the twin returns."""
    names = ("n_obs", "rv", "bv", "rs_up", "rs_down", "rq", "realized_range")
    return np.column_stack([getattr(measures, name) for name in names])


@given(markets())
def test_kernel_and_twin_agree(market):
    bars, sessions = market
    buckets = cut_sessions(sessions)
    measures = realized_measures(bars, buckets)
    twin = realized_measures_python(bars, buckets)
    empty = twin[:, 0] == 0
    assert np.array_equal(measures.n_obs, twin[:, 0])
    assert np.isnan(table_of(measures)[empty, 1:]).all()
    np.testing.assert_allclose(table_of(measures)[~empty], twin[~empty], rtol=1e-12, atol=1e-18)


def ranges_of(measures: RealizedMeasures) -> np.ndarray:
    return np.column_stack(
        [measures.rv_subsampled, measures.recent_rv, measures.garman_klass, measures.parkinson]
    )


@given(
    seed=st.integers(0, 2**16), minutes=st.sampled_from([1, 5, 30]), missing=st.sampled_from([0.0, 0.3, 0.95])
)
def test_kernels_and_twins_of_ranges_agree(make_sessions, make_bars, seed, minutes, missing):
    sessions = make_sessions(2, half_days=[1])
    bars, buckets = make_bars(sessions, seed, minutes, missing), cut_sessions(sessions)
    measures = realized_measures(bars, buckets)
    np.testing.assert_allclose(
        ranges_of(measures), range_measures_python(bars, buckets), rtol=1e-8, atol=1e-18
    )
