"""The diurnal kernel is its plain twin."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from newsvol.signals.volatility.buckets import cut_sessions
from newsvol.signals.volatility.diurnal import WINDOW_SESSIONS, diurnal_curve
from newsvol.signals.volatility.diurnal_python import diurnal_curve_python


@given(
    st.integers(0, 2**20),
    st.sampled_from([3, 12, 40]),
    st.sets(st.integers(0, 39), max_size=6),
    st.floats(0, 0.05),
    st.booleans(),
)
def test_kernel_and_twin_agree(make_sessions, seed, count, half_days, empty, has_prior):
    rng = np.random.default_rng(seed)
    buckets = cut_sessions(make_sessions(count, [day for day in half_days if day < count]))
    intensity = np.exp(rng.normal(-13, 1.5, len(buckets)))
    intensity[rng.random(len(buckets)) < empty] = np.nan
    intensity[rng.random(len(buckets)) < empty] = 0.0
    prior = rng.uniform(0.5, 2.0, buckets.n_slots) if has_prior else np.empty(0)
    prior = prior / prior.mean() if has_prior else prior
    twin = diurnal_curve_python(intensity, buckets.session, buckets.slot, buckets.n_slots, prior)
    np.testing.assert_allclose(diurnal_curve(intensity, buckets, prior), twin, rtol=1e-12)


def test_kernel_and_twin_agree_once_the_window_rolls(make_sessions):
    buckets = cut_sessions(
        make_sessions(WINDOW_SESSIONS + 80, half_days=[5, 100], minutes=180, half_minutes=90)
    )
    intensity = np.exp(np.random.default_rng(1).normal(-13, 1.5, len(buckets)))
    twin = diurnal_curve_python(intensity, buckets.session, buckets.slot, buckets.n_slots)
    np.testing.assert_allclose(diurnal_curve(intensity, buckets), twin, rtol=1e-12)
