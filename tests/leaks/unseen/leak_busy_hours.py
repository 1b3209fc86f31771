"""log-HAR, raised in hours of unusual volume."""

import numpy as np

from newsvol.signals.volatility.har_specifications import build_har


class BusyHours:
    """The default HAR times (relative volume)^1/2 where volume is unusual.

    Notes
    -----
    What leaks: the volume of a bucket is compared with the mean of the same time of day in the twenty
    sessions before, which is honest for the mean and not for the volume: it is the volume of the bucket that is
    *forecast*. The factor acts only above `busy`, a few buckets in a hundred, so the other rows are those
    of the plain HAR to the bit; and no price of the future is read, only its volume.

    Why it is realistic: "relative volume" is quoted as a live number on every screen, and the row in which
    it stands in a research table is the row of the hour that it describes.
    """

    def __init__(self, window=2500, min_window=500, busy=1.6, sessions=20):
        self.base = build_har("log-har-p", window=window, min_window=min_window)
        self.busy = busy
        self.sessions = sessions

    def forecast(self, history):
        """Return expected variances, shape (B,)."""
        volume = history.measures.volume
        relative = np.full(len(volume), np.nan)
        for slot in range(history.buckets.n_slots):
            rows = np.flatnonzero(history.buckets.slot == slot)
            values = volume[rows]
            for j in range(self.sessions, len(rows)):
                usual = values[j - self.sessions : j]
                usual = usual[np.isfinite(usual)]
                if len(usual) >= self.sessions // 2 and usual.mean() > 0:
                    relative[rows[j]] = values[j] / usual.mean()
        factor = np.where(relative > self.busy, np.sqrt(np.where(relative > 0, relative, 1.0)), 1.0)
        return np.asarray(self.base.forecast(history) * factor)
