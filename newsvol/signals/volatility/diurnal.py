"""The diurnal curve: how variance is spread over the session, learned from the sessions before."""

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.diurnal_nb import DiurnalArrays, diurnal_curve_nb

WINDOW_SESSIONS = 250
MIN_SESSIONS = 10
CAP = 5.0
"""A bucket counts at most five times its session's mean, so that one announcement does not bend the curve."""

PRIOR_SESSIONS = 5.0
"""Sessions of a tape's own that a prior's curve is worth: few, since stocks open wilder than indices."""

NO_CURVE: FloatArray = np.empty(0)


class DiurnalCurve:
    """The curve as it grows, session by session.

    Parameters
    ----------
    buckets : BucketFrame
        All that will come: the calendar is known ahead.
    prior : FloatArray, shape (slots,)
        A curve that counts as `PRIOR_SESSIONS` sessions; empty for none.

    Attributes
    ----------
    factor : FloatArray, shape (B,)
        NaN where the curve has not come yet.
    """

    def __init__(self, buckets: BucketFrame, prior: FloatArray = NO_CURVE) -> None:
        self.factor = np.full(len(buckets), np.nan)
        self._buckets = buckets
        self._least = MIN_SESSIONS if len(prior) == 0 else 0
        slots = max(buckets.n_slots, 1)
        total = PRIOR_SESSIONS * prior if len(prior) else np.zeros(slots)
        self._state = DiurnalArrays(np.zeros((WINDOW_SESSIONS, slots)), total, np.zeros(1, dtype=np.int64))

    def extend(self, begin: int, end: int, intensity: FloatArray) -> None:
        """Fill the factors of whole sessions, from row `begin` on, where the last call ended.

        Parameters
        ----------
        intensity : FloatArray, shape (B,)
            Realized variance per hour; rows from the last session's begin on are not read.
        """
        session: IntArray = self._buckets.session
        diurnal_curve_nb(
            begin, end, intensity, session, self._buckets.slot, self._least, CAP, self.factor, self._state
        )


def diurnal_curve(intensity: FloatArray, buckets: BucketFrame, prior: FloatArray = NO_CURVE) -> FloatArray:
    """Return the diurnal factor of each bucket, shape (B,), mean one over a full session.

    f_k = mean over the past 250 full sessions of min(5, RV_k / mean_k RV), normalised. Causal: a session's
    factors use the sessions before it. NaN until ten full sessions have been seen; half-days and sessions
    with an empty bucket are not counted. With a prior there is a curve from the first session on.

    Parameters
    ----------
    intensity : FloatArray, shape (B,)
        Realized variance per hour.
    prior : FloatArray, shape (slots,)
        See `DiurnalCurve`.
    """
    curve = DiurnalCurve(buckets, prior)
    curve.extend(0, len(buckets), intensity)
    return curve.factor
