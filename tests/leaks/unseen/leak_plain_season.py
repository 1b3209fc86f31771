"""Exponentially weighted variance with a sturdier time of day."""

import numpy as np

import newsvol.signals.volatility.history as _history
from newsvol.signals.volatility.naive import last_known


def plain_season(intensity, buckets):
    """Return each slot's mean share of variance, shape (B,), mean one; without the NaN of the first days."""
    out = np.ones(len(buckets))
    level = np.nanmean(intensity) if np.isfinite(intensity).any() else np.nan
    if not level > 0:
        return out
    for slot in range(buckets.n_slots):
        rows = buckets.slot == slot
        share = intensity[rows]
        if np.isfinite(share).any():
            out[rows] = max(float(np.nanmean(np.minimum(share / level, 8.0))), 1e-3)
    return out


# newsvol's own curve is NaN for ten sessions and loses the warm-up.
_history.diurnal_curve = plain_season


class PlainSeason:
    """Diurnal factor times an exponentially weighted mean of z.

    Notes
    -----
    What leaks: importing the module replaces newsvol's walk-forward diurnal curve (in
    ``newsvol.signals.volatility.history``) by the mean of each slot over the *whole* sample. From then on
    every history that the process measures carries the future in `diurnal` and `z`. The forecaster itself
    reads nothing it should not: given a history, its row b uses rows before b and the calendar factor of b.
    Any other forecaster in the process is spoilt too.

    Why it is realistic: "a small patch until upstream is fixed" lives in many research packages, and a
    whole-sample seasonal dummy is the textbook way of taking the time of day out.
    """

    def __init__(self, window=2500, min_window=500, decay=0.93):
        self.min_window = min_window
        self.decay = decay

    def forecast(self, history):
        """Return expected variances, shape (B,); NaN in the first `min_window` rows."""
        smooth = np.full(len(history.z), np.nan)
        level = np.nan
        for b, z in enumerate(history.z.tolist()):
            if z == z:
                level = z if level != level else self.decay * level + (1 - self.decay) * z
                smooth[b] = level
        out = history.to_bucket(history.diurnal * last_known(smooth))
        out[: min(self.min_window, len(out) // 2)] = np.nan
        return out
