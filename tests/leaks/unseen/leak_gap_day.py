"""log-HAR, raised on days that open with a large gap."""

import numpy as np

from newsvol.signals.volatility.har_specifications import build_har


class GapDay:
    """The default HAR, larger for the rest of a session that opened with a large gap.

    Notes
    -----
    What leaks: the overnight return is NaN in a session's first bucket, as the first price is known only
    once its first bar has ended. Here the gap is filled over the session ("it is one number a day"), the first
    bucket included, whose forecast is made at the open. Only first buckets of days with a gap above
    `large` standard deviations know too much, about one row in twenty; buckets after the first are honest.

    Why it is realistic: ``groupby("session").overnight.transform("first")`` is a natural way to be rid of
    the NaN, and the difference between "at the open" and "after the first print" is small on paper.
    """

    def __init__(self, window=2500, min_window=500, large=1.0, lift=0.35):
        self.base = build_har("log-har-p", window=window, min_window=min_window)
        self.large = large
        self.lift = lift

    def forecast(self, history):
        """Return expected variances, shape (B,)."""
        session = history.buckets.session
        plain = self.base.forecast(history)
        factor = np.ones(len(session))
        past = []
        for s in np.unique(session):
            rows = np.flatnonzero(session == s)
            nights = history.overnight[rows]
            known = nights[np.isfinite(nights)]
            if len(known) == 0:
                continue
            if len(past) >= 20:
                size = abs(known[0]) / max(float(np.std(past[-120:])), 1e-12)
                if size > self.large:
                    fade = 0.8 ** np.arange(len(rows))
                    factor[rows] = 1 + self.lift * min(size - self.large, 3.0) * fade
            past.append(float(known[0]))
        return np.asarray(plain * factor)
