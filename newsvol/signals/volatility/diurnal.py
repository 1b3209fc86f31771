"""The diurnal curve: how variance is spread over the session, learned from the sessions before."""

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.diurnal_nb import diurnal_curve_nb

WINDOW_SESSIONS = 250
MIN_SESSIONS = 10
CAP = 5.0
"""A bucket counts at most five times its session's mean, so that one announcement does not bend the curve."""


def diurnal_curve(intensity: FloatArray, buckets: BucketFrame) -> FloatArray:
    """Return the diurnal factor of each bucket, shape (B,), mean one over a full session.

    f_k = mean over the past 250 full sessions of min(5, RV_k / mean_k RV), normalised. Causal: a session's
    factors use the sessions before it. NaN until ten full sessions have been seen; half-days and sessions
    with an empty bucket are not counted.

    Parameters
    ----------
    intensity : FloatArray, shape (B,)
        Realized variance per hour.
    """
    return np.asarray(
        diurnal_curve_nb(
            intensity, buckets.session, buckets.slot, buckets.n_slots, WINDOW_SESSIONS, MIN_SESSIONS, CAP
        )
    )
