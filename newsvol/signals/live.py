"""The forecast as a live system computes it: everything from its own state, one tick at a time."""

from collections.abc import Sequence

import numpy as np

from newsvol.signals.fusion import FusionConfig, FusionWalk
from newsvol.signals.news.features import CHANNELS, HALF_LIVES_HOURS, LiveNews
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.live import LiveVolatility


class LiveForecast:
    """Measures, columns, regressions, news and fusion between two ticks.

    Its numbers are those of the columns, to the bit: it is the same code, fed row by row.

    Parameters
    ----------
    volatility : LiveVolatility
        The traded forecaster.
    buckets : BucketFrame
        The calendar of the whole tape, known ahead.
    headlines : int
        How many will come.
    fusion : FusionConfig
    half_lives_hours : sequence of float
        Of the news features.
    """

    def __init__(
        self,
        volatility: LiveVolatility,
        buckets: BucketFrame,
        headlines: int,
        fusion: FusionConfig,
        half_lives_hours: Sequence[float] = HALF_LIVES_HOURS,
    ) -> None:
        width = len(half_lives_hours) * len(CHANNELS)
        self._volatility, self._buckets = volatility, buckets
        self._news = LiveNews(headlines, half_lives_hours)
        self._fusion = FusionWalk(fusion, len(buckets), width)
        self._features = np.zeros((len(buckets), width))
        self._fitted = -1

    def add_headline(self, available_ns: int, ready_ns: int, score: float) -> None:
        """Take in a headline: readable at `available_ns`, scored by `ready_ns`, its signed score."""
        self._news.add(available_ns, ready_ns, score)

    def on_tick(self, available_ns: int, scored_ns: int, *, begins: bool) -> tuple[float, float]:
        """Forecast the first bucket that ends after the tick.

        Parameters
        ----------
        available_ns : int
            When the tick could be known: bars that had ended by then are read.
        scored_ns : int
            When its headline was scored: headlines that were ready by then count.
        begins : bool
            Whether the tick is a session's open or a bucket's end.

        Returns
        -------
        variance, tone : float
            The fused forecast and the tone of the news. The first is NaN where nothing is known yet, and
            where nothing is left to forecast.
        """
        row = self._volatility.advance(available_ns)
        features, tone = self._news.at(scored_ns)
        if row == len(self._buckets):
            return np.nan, tone
        if row > self._fitted:
            self._fusion.extend(row + 1, self._volatility.variance, self._volatility.realized, self._features)
            self._fitted = row
        if begins and available_ns == self._buckets.open_ns[row]:
            self._features[row] = features
        at = np.array([row])
        fused = self._fusion.fusion.fuse(at, self._volatility.variance[at], features[None, :])
        return float(fused[0]), tone
