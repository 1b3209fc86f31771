"""Realized measures: what a bucket's bars say about its variance."""

from dataclasses import dataclass, field, fields

import numpy as np

from newsvol.engine.arrays import NS_PER_MINUTE, BoolArray, FloatArray, IntArray
from newsvol.engine.frames import BarFrame, Columns
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.gaps import MIN_COVERED, gap_lengths, session_bounds
from newsvol.signals.volatility.measures_nb import BarArrays, realized_measures_nb, truncated_measures_nb

OUTLIER = 15.0
"""Ten standard deviations, as the median of normal |r| has them: an announcement moves prices for minutes and
lifts the median, a bad print does not."""


def _not_measured() -> FloatArray:
    return np.empty(0)


@dataclass(frozen=True)
class RealizedMeasures(Columns):
    """Measures of each bucket, from the returns of its bars. Known when the bucket has ended.

    Every array has shape (B,). A bucket without bars has n_obs 0 and NaN measures. So has, whatever its
    n_obs, one of which gaps leave less than `gaps.MIN_COVERED`: it is missing, not calm. Of one that lacks
    less, sums are scaled by what is covered, `rq` by its square; returns across gaps are in none of them.

    Attributes
    ----------
    n_obs
        Returns in the bucket, as they were counted: not scaled.
    covered
        Share of the bucket's minutes that its returns span, 1 for a whole one. On a tape of every minute this
        is n_obs over the bucket's minutes; a minute in which nothing is traded is spanned by the next return.
    rv
        Realized variance, sum of r^2 (Andersen and Bollerslev 1998), squared log returns. Overnight
        returns are not part of it.
    bv
        Bipower variation, pi/2 sum |r_i||r_i-1| n/(n-1) (Barndorff-Nielsen and Shephard 2004).
    rs_up, rs_down
        Realized semivariances (Barndorff-Nielsen, Kinnebrock and Shephard 2010); their sum is `rv`.
    rq
        Realized quarticity, n/3 sum r^4.
    realized_range
        Sum of ln(high/low)^2 / (4 ln 2) (Christensen and Podolskij 2007).
    bucket_return
        Log return from the bucket's first open (or the close before it, inside a session) to its end.
    rv_subsampled
        RV of returns over five bars (five minutes on a tape of minutes), the mean of the five grids that
        start a bar apart (Zhang, Mykland and Ait-Sahalia 2005), scaled for the edges that a grid misses.
    recent_rv
        n_obs times the mean r^2 of the bars that end in the bucket's last twenty minutes: what RV would be
        had the whole bucket been like its end. NaN where no bar ends there.
    garman_klass
        ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2 of the bucket (Garman and Klass 1980, eq. 20 without drift).
        Of what was seen, and so are the next two: not scaled.
    parkinson
        ln(H/L)^2 / (4 ln 2) of the bucket (Parkinson 1980).
    truncated_rv, truncated_rq
        `rv` and `rq` without returns of more than `OUTLIER` times the median |r| of their bucket (truncation
        of Mancini 2009, at a robust level), scaled to all: a print that was off the market and came back is
        two such returns. NaN unless asked for.
    volume
        Shares traded; NaN where a bar has none.
    """

    n_obs: FloatArray
    rv: FloatArray
    bv: FloatArray
    rs_up: FloatArray
    rs_down: FloatArray
    rq: FloatArray
    realized_range: FloatArray
    bucket_return: FloatArray
    rv_subsampled: FloatArray = field(default_factory=_not_measured)
    recent_rv: FloatArray = field(default_factory=_not_measured)
    garman_klass: FloatArray = field(default_factory=_not_measured)
    parkinson: FloatArray = field(default_factory=_not_measured)
    truncated_rv: FloatArray = field(default_factory=_not_measured)
    truncated_rq: FloatArray = field(default_factory=_not_measured)
    volume: FloatArray = field(default_factory=_not_measured)
    covered: FloatArray = field(default_factory=_not_measured)

    def __post_init__(self) -> None:
        # a history written by hand, for a study, need not hold every measure: the rest is missing
        for column in fields(self):
            if len(getattr(self, column.name)) == 0 < len(self.n_obs):
                object.__setattr__(self, column.name, np.full(len(self.n_obs), np.nan))

    @property
    def jump(self) -> FloatArray:
        """Variance that the continuous path does not explain, max(rv - bv, 0), shape (B,)."""
        return np.asarray(np.maximum(self.rv - self.bv, 0.0))


def realized_measures(
    bars: BarFrame, buckets: BucketFrame, gap_ns: IntArray | None = None, *, truncated: bool = False
) -> RealizedMeasures:
    """Measure every bucket of `buckets` from `bars`.

    Causal: a bar counts in the bucket in which it ends, so a row uses bars that had ended with its bucket. (A
    session's later buckets start from the close of the bar before them.) Bars that do not lie within one
    session count nowhere.

    Parameters
    ----------
    gap_ns : IntArray, shape (B,), optional
        From what length on a silence is a gap: as `gaps.gap_lengths` says if not given.
    truncated : bool
        Measure without outliers, too.
    """
    bounds = session_bounds(buckets)
    session_open_ns = bounds.open_ns[bounds.of_bucket]
    bars = _without_straddlers(bars, bounds.open_ns)
    gaps = gap_lengths(bars, buckets) if gap_ns is None else gap_ns
    place = buckets.open_ns, buckets.close_ns, buckets.session, gaps
    table = realized_measures_nb(bar_arrays(bars), *place)
    n_obs, covered = table[:, 0].copy(), table[:, -1].copy()
    missing = (n_obs == 0) | (covered < MIN_COVERED)
    measures = np.where(missing[:, None], np.nan, table[:, 1:-1])
    scale = np.where(missing, np.nan, 1.0) / np.where(covered > 0, covered, 1.0)
    without_outliers = np.full((len(buckets), 2), np.nan)
    if truncated:
        without_outliers = truncated_measures_nb(bar_arrays(bars), *place, OUTLIER)
    return RealizedMeasures(
        n_obs=n_obs,
        rv=measures[:, 0] * scale,
        bv=measures[:, 1] * scale,
        rs_up=measures[:, 2] * scale,
        rs_down=measures[:, 3] * scale,
        rq=measures[:, 4] * scale**2,
        realized_range=measures[:, 5] * scale,
        bucket_return=_bucket_returns(bars, buckets, session_open_ns, missing),
        rv_subsampled=measures[:, 6] * scale,
        recent_rv=measures[:, 7] * scale,
        garman_klass=measures[:, 8].copy(),
        parkinson=measures[:, 9].copy(),
        truncated_rv=without_outliers[:, 0] * scale,
        truncated_rq=without_outliers[:, 1] * scale**2,
        volume=np.where(missing, np.nan, _volumes(bars, buckets)),
        covered=covered,
    )


def bar_arrays(bars: BarFrame) -> BarArrays:
    """Return the columns of `bars` as the kernel takes them."""
    return BarArrays(bars.open_ns, bars.close_ns, bars.open, bars.high, bars.low, bars.close)


def minutes_of(buckets: BucketFrame) -> FloatArray:
    """Return the length of each bucket in minutes, shape (B,); the calendar knows it ahead."""
    return np.asarray((buckets.close_ns - buckets.open_ns) / NS_PER_MINUTE)


def _without_straddlers(bars: BarFrame, session_open_ns: IntArray) -> BarFrame:
    """Drop bars that are open when a session opens: their return is partly overnight."""
    if len(bars) == 0:
        return bars
    before = np.searchsorted(bars.open_ns, session_open_ns) - 1
    straddles = (before >= 0) & (bars.close_ns[np.maximum(before, 0)] > session_open_ns)
    return bars.take(np.delete(np.arange(len(bars)), before[straddles])) if straddles.any() else bars


def _volumes(bars: BarFrame, buckets: BucketFrame) -> FloatArray:
    first = np.searchsorted(bars.close_ns, buckets.open_ns, side="right")
    last = np.maximum(np.searchsorted(bars.close_ns, buckets.close_ns, side="right"), first)
    # each bucket is added up by itself: a running total would round by what came before
    edges = np.column_stack([first, last]).ravel()
    total = np.add.reduceat(np.append(bars.volume, 0.0), edges)[::2] if len(edges) else np.empty(0)
    return np.where((last > first) & np.isfinite(total), total, np.nan)


def _bucket_returns(
    bars: BarFrame, buckets: BucketFrame, session_open_ns: IntArray, missing: BoolArray
) -> FloatArray:
    if len(bars) == 0:
        return np.full(len(buckets), np.nan)
    first = np.searchsorted(bars.close_ns, buckets.open_ns, side="right")
    last = np.searchsorted(bars.close_ns, buckets.close_ns, side="right") - 1
    inside = np.minimum(first, len(bars) - 1)
    # The return starts at the close before the bucket; where the session had none yet, at its first open:
    # a session that starts with empty buckets must not take in the night.
    opens = first == np.searchsorted(bars.close_ns, session_open_ns, side="right")
    base = np.where(opens, bars.open[inside], bars.close[np.maximum(inside - 1, 0)])
    return np.where(missing, np.nan, np.log(bars.close[np.maximum(last, 0)] / base))
