"""log-HAR on variance with the jumps taken out."""

from dataclasses import replace

import numpy as np

from newsvol.signals.volatility.har_specifications import build_har


class JumpClean:
    """The default HAR on a series in which buckets with a large jump are interpolated.

    Notes
    -----
    What leaks: a bucket in which more than `share` of the variance is a jump is dropped and filled by a straight
    line between its neighbours. The neighbour after it is the bucket that the filled value helps to
    forecast: right after a jump, the first lag holds half of the answer. Where the last bucket had no such
    jump, and that is nineteen times in twenty, the newest lag is honest. (The filled values also sit in
    older lags, where both neighbours are over, and in the fit of that one row.)

    Why it is realistic: ``series[bad] = nan; series.interpolate()`` is how outliers and holes are treated
    in most data pipelines, before anybody thinks of forecasts.
    """

    def __init__(self, window=2500, min_window=500, share=0.17):
        self.base = build_har("log-har-p", window=window, min_window=min_window)
        self.share = share

    def forecast(self, history):
        """Return expected variances, shape (B,)."""
        measures = history.measures
        with np.errstate(invalid="ignore", divide="ignore"):
            jumpy = measures.jump / measures.rv > self.share
        cleaned = replace(history, z=self._fill(history.z, jumpy))
        return np.asarray(self.base.forecast(cleaned))

    @staticmethod
    def _fill(z, jumpy):
        known = np.isfinite(z) & (z > 0)
        good = np.flatnonzero(known & ~jumpy)
        out = np.array(z, dtype=float)
        if len(good) < 2:
            return out
        bad = np.flatnonzero(known & jumpy)
        out[bad] = np.exp(np.interp(bad, good, np.log(z[good])))
        return out
