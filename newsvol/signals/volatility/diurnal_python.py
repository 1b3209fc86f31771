"""The diurnal curve in plain Python: the twin that the kernel is tested against."""

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.signals.volatility.diurnal import CAP, MIN_SESSIONS, NO_CURVE, PRIOR_SESSIONS, WINDOW_SESSIONS


def diurnal_curve_python(
    intensity: FloatArray, session: IntArray, slot: IntArray, n_slots: int, prior: FloatArray = NO_CURVE
) -> FloatArray:
    """Plain-Python twin of `diurnal_curve`, written for reading."""
    past: list[FloatArray] = []
    out = np.full(len(intensity), np.nan)
    for s in np.unique(session):
        rows = np.flatnonzero(session == s)
        if len(past) >= MIN_SESSIONS or len(prior):
            mean = np.sum(past[-WINDOW_SESSIONS:], axis=0) + (PRIOR_SESSIONS * prior if len(prior) else 0.0)
            out[rows] = (mean / mean.mean())[slot[rows]]
        today = intensity[rows]
        if len(rows) == n_slots and np.all(today > 0):
            past.append(np.minimum(CAP, today / today.mean()))
    return out
