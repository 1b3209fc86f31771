"""The volatility history that forecasters read."""

from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.signals.buckets import BucketFrame, cut_sessions
from newsvol.signals.diurnal import diurnal_curve
from newsvol.signals.measures import RealizedMeasures, minutes_of, realized_measures


@dataclass(frozen=True)
class VolHistory:
    """Buckets, what was measured in them, and the time of day taken out.

    Row b of `measures`, `intensity` and `z` is known when bucket b has ended; row b of `buckets`,
    `minutes` and `diurnal` is known before it begins.

    Attributes
    ----------
    buckets : BucketFrame, B rows
    measures : RealizedMeasures, B rows
    minutes : FloatArray, shape (B,)
        Length of the bucket.
    intensity : FloatArray, shape (B,)
        Realized variance per hour: a 30-minute bucket is scaled up by its length. NaN without bars.
    diurnal : FloatArray, shape (B,)
        Factor of the time of day, from the sessions before.
    z : FloatArray, shape (B,)
        intensity / diurnal.
    """

    buckets: BucketFrame
    measures: RealizedMeasures
    minutes: FloatArray
    intensity: FloatArray
    diurnal: FloatArray
    z: FloatArray

    def to_bucket(self, per_hour: FloatArray) -> FloatArray:
        """Turn variance per hour into variance of each bucket, shape (B,)."""
        return np.asarray(per_hour * self.minutes / 60.0)


def measure_history(bars: BarFrame, sessions: SessionFrame) -> VolHistory:
    """Cut `sessions` into buckets and measure `bars` in them."""
    buckets = cut_sessions(sessions)
    measures = realized_measures(bars, buckets)
    minutes = minutes_of(buckets)
    intensity = measures.rv * 60.0 / minutes
    diurnal = diurnal_curve(intensity, buckets)
    return VolHistory(buckets, measures, minutes, intensity, diurnal, intensity / diurnal)
