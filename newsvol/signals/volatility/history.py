"""The volatility history that forecasters read."""

from dataclasses import dataclass, field, fields, replace
from typing import Literal

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.engine.frames import BarFrame, SessionFrame, read_only_array
from newsvol.signals.volatility.buckets import (
    COARSE_BAR_NS,
    BucketFrame,
    bar_length_ns,
    cut_like_bars,
    cut_sessions,
)
from newsvol.signals.volatility.diurnal import diurnal_curve
from newsvol.signals.volatility.gaps import gap_lengths, session_bounds
from newsvol.signals.volatility.measures import RealizedMeasures, minutes_of, realized_measures
from newsvol.signals.volatility.nights import night_returns, night_shares
from newsvol.signals.volatility.prior import Prior

Measure = Literal["rv", "truncated_rv"]
Proxy = Literal[Measure, "gk"]

GK_RELATIVE_VARIANCE = 0.27
"""Sampling variance of the Garman-Klass estimator of one bar, over the squared variance (1980, table I)."""


@dataclass(frozen=True)
class VolHistory:
    """Buckets, what was measured in them, and the time of day taken out.

    `measures.rv` holds the variance that is forecast, whichever way it was measured; `proxy` says which.
    Row b of `measures`, `intensity` and `z` is known when bucket b has ended; row b of `buckets`, `minutes`
    and `diurnal` is known before it begins.

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
    proxy : {"rv", "truncated_rv", "gk"}
        "rv", the sum of squared returns; "truncated_rv", the same without outliers; or "gk", Garman-Klass,
        where a bucket is one bar.
    prior : Prior or None
        What `diurnal` and `night_share` were shrunk towards.
    overnight : FloatArray, shape (B,)
        Log return from the last close before the session to its first open. The first open is known once
        the session's first bar has ended, so this serves a session's second bucket and those after it; NaN in
        its first. What spans a gap is no night, and NaN.
    night_share : FloatArray, shape (B,)
        Variance of a night as a share of a session's, from the nights and sessions before this session; see
        `nights.night_shares`.
    """

    buckets: BucketFrame
    measures: RealizedMeasures
    minutes: FloatArray
    intensity: FloatArray
    diurnal: FloatArray
    z: FloatArray
    proxy: Proxy = "rv"
    prior: Prior | None = None
    overnight: FloatArray = field(default_factory=lambda: np.empty(0))
    night_share: FloatArray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        for name in ("overnight", "night_share"):
            if len(getattr(self, name)) == 0 < len(self.buckets):
                # a history written by hand knows no nights
                object.__setattr__(self, name, np.full(len(self.buckets), np.nan))

    def to_bucket(self, per_hour: FloatArray) -> FloatArray:
        """Turn variance per hour into variance of each bucket, shape (B,)."""
        return np.asarray(per_hour * self.minutes / 60.0)

    def read_only(self) -> "VolHistory":
        """Return a copy with columns that cannot be written, nor be made so: forecasters share it."""
        own = {
            column.name: read_only_array(getattr(self, column.name))
            for column in fields(self)
            if isinstance(getattr(self, column.name), np.ndarray)
        }
        return replace(self, buckets=self.buckets.read_only(), measures=self.measures.read_only(), **own)


def measure_history(
    bars: BarFrame, sessions: SessionFrame, prior: Prior | None = None, measure: Measure = "rv"
) -> VolHistory:
    """Cut `sessions` into buckets and measure `bars` in them.

    Hours from each session's open, measured by `measure`; but where bars are half an hour or longer each bar
    is a bucket, measured by its range (Garman-Klass).

    Parameters
    ----------
    prior : Prior, optional
        What the time of day and the share of the night are shrunk towards.
    measure : {"rv", "truncated_rv"}

    Raises
    ------
    InputError
        The prior is of sessions of another length, or a bucket is one bar, of which there are no outliers.
    """
    coarse = bar_length_ns(bars) >= COARSE_BAR_NS
    buckets = cut_like_bars(sessions, bars) if coarse else cut_sessions(sessions)
    gap_ns = gap_lengths(bars, buckets)
    proxy: Proxy = "gk" if coarse else measure
    if coarse and measure != "rv":
        raise InputError(
            f"{measure} leaves out some of the returns in a bucket, and on this tape a bucket is one bar; "
            "leave volatility.measure out"
        )
    measures = measured_by(proxy, bars, buckets, gap_ns)
    minutes = minutes_of(buckets)
    intensity = measures.rv * 60.0 / minutes
    diurnal = (
        diurnal_curve(intensity, buckets)
        if prior is None
        else diurnal_curve(intensity, buckets, prior.curve_of(buckets))
    )
    z = intensity / diurnal
    night = night_returns(bars, buckets, gap_ns)
    return VolHistory(
        buckets,
        measures,
        minutes,
        intensity,
        diurnal,
        z,
        proxy,
        prior,
        overnight=once_opened(night, bars, buckets),
        night_share=night_shares(night, measures.rv, buckets, None if prior is None else prior.night_share),
    )


def once_opened(night: FloatArray, bars: BarFrame, buckets: BucketFrame) -> FloatArray:
    """Return `night` in the buckets that begin when the session's first bar has ended; NaN in the others."""
    if len(bars) == 0 or len(buckets) == 0:
        return np.full(len(buckets), np.nan)
    bounds = session_bounds(buckets)
    first = np.searchsorted(bars.open_ns, bounds.open_ns)
    inside = np.minimum(first, len(bars) - 1)
    opened = (first < len(bars)) & (bars.open_ns[inside] < bounds.close_ns)
    opened_ns = bars.close_ns[inside][bounds.of_bucket]
    known = opened[bounds.of_bucket] & (opened_ns <= buckets.open_ns)
    return np.where((buckets.slot > 0) & known, night, np.nan)


def measured_by(proxy: Proxy, bars: BarFrame, buckets: BucketFrame, gap_ns: IntArray) -> RealizedMeasures:
    """Return the measures of `buckets`, that of `proxy` in the place of realized variance."""
    measures = realized_measures(bars, buckets, gap_ns, truncated=proxy == "truncated_rv")
    return (
        by_range(measures)
        if proxy == "gk"
        else without_outliers(measures)
        if proxy == "truncated_rv"
        else measures
    )


def without_outliers(measures: RealizedMeasures) -> RealizedMeasures:
    """Put truncated RV where realized variance is: bad prints are not forecast, nor fitted on.

    The other parts of the variance are scaled alike, and bipower variation is no greater.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(measures.rv > 0, measures.truncated_rv / measures.rv, measures.rv)
    return replace(
        measures,
        rv=measures.truncated_rv,
        bv=np.minimum(measures.bv, measures.truncated_rv),
        rs_up=measures.rs_up * share,
        rs_down=measures.rs_down * share,
        recent_rv=measures.recent_rv * share,
        rq=measures.truncated_rq,
    )


def by_range(measures: RealizedMeasures) -> RealizedMeasures:
    """Put Garman-Klass where realized variance is: of one bar there is no sum of squares to speak of.

    The bar's variance goes to the semivariance of its sign, it has no jump, and `rq` is such that
    2 rq / (n rv^2) is the relative sampling variance of the estimator, as it is for realized variance.
    """
    rv = measures.garman_klass
    rises = measures.bucket_return > 0
    return replace(
        measures,
        rv=rv,
        bv=rv.copy(),
        rs_up=np.where(rises, rv, 0.0 * rv),
        rs_down=np.where(rises, 0.0 * rv, rv),
        rq=GK_RELATIVE_VARIANCE / 2.0 * measures.n_obs * rv**2,
    )
