"""The naive kernel is the library's filter."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from newsvol.signals.volatility.naive_nb import ewma_nb


@given(st.integers(0, 2**20), st.integers(1, 200), st.floats(0.01, 0.99))
def test_the_mean_is_the_filter_of_the_library(seed, count, decay):
    values = np.random.default_rng(seed).lognormal(0, 2, count)
    twin, _ = lfilter([1 - decay], [1, -decay], values, zi=[decay * values[0]])
    np.testing.assert_allclose(ewma_nb(values, decay), twin, rtol=1e-12)


def test_of_nothing_there_is_no_mean():
    assert len(ewma_nb(np.empty(0), 0.9)) == 0
