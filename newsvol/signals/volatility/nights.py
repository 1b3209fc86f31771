"""Nights: what the price does between a session's close and the next one's open, and its variance."""

from typing import Final

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.frames import BarFrame
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.gaps import session_bounds

WINDOW_NIGHTS: Final = 250
"""Nights that a share is taken from; docs/volatility.md has what other windows and means do."""

MIN_NIGHTS: Final = 5


def night_returns(bars: BarFrame, buckets: BucketFrame, gap_ns: IntArray) -> FloatArray:
    """Return each session's log return over the night before it, shape (B,).

    From the last close before the session to its first open: known once the session's first bar has ended.
    A weekend is one night. Where the calendar leaves no time between two sessions there is no night, and the
    return is 0. NaN in the first session, and where a gap or an empty session is on either side: what moved
    then was more than a night.

    Parameters
    ----------
    gap_ns : IntArray, shape (B,)
        From what length on a silence is a gap: `gaps.gap_lengths`.
    """
    bounds = session_bounds(buckets)
    night = np.full(len(bounds.first), np.nan)
    if len(bars) and len(night) > 1:
        gap = gap_ns[bounds.first]
        first = np.searchsorted(bars.open_ns, bounds.open_ns[1:])
        opening, last = np.minimum(first, len(bars) - 1), np.maximum(first - 1, 0)
        ended_ns = bars.close_ns[last]
        whole = (first > 0) & (first < len(bars)) & (ended_ns > bounds.open_ns[:-1])
        whole &= bounds.close_ns[:-1] - ended_ns <= gap[:-1]
        whole &= bars.close_ns[opening] - bounds.open_ns[1:] <= gap[1:]
        night[1:] = np.where(whole, np.log(bars.open[opening] / bars.close[last]), np.nan)
    night[1:][bounds.open_ns[1:] <= bounds.close_ns[:-1]] = 0.0
    return night[bounds.of_bucket]


def night_shares(night: FloatArray, rv: FloatArray, buckets: BucketFrame) -> FloatArray:
    """Return the variance of a night as a share of the variance of a session, shape (B,).

    The sum of the last 250 squared night returns over the sum of the variances of the sessions that followed
    them: times a forecast of the session's variance it is a forecast of the night's, which goes up and down
    with it. NaN before `MIN_NIGHTS` nights.

    Causal: a session's share comes from nights and sessions that were over before it opened; it is one number
    for all of its buckets. A night counts once the session after it has ended, though it was known when that
    session's first bar had.

    Parameters
    ----------
    night : FloatArray, shape (B,)
        As `night_returns` gives them; those of a session are equal.
    rv : FloatArray, shape (B,)
        Realized variance. A session that lacks a bucket counts for nothing, with its night.
    """
    bounds = session_bounds(buckets)
    if len(bounds.first) == 0:
        return np.empty(0)
    squared, session_rv = night[bounds.first] ** 2, np.add.reduceat(rv, bounds.first)
    known = np.isfinite(squared) & np.isfinite(session_rv)
    totals = [np.concatenate([[0.0], np.cumsum(values[known])]) for values in (squared, session_rv)]
    before: IntArray = np.cumsum(known) - known
    begin = np.maximum(before - WINDOW_NIGHTS, 0)
    nights, sessions = (total[before] - total[begin] for total in totals)
    enough = (before >= MIN_NIGHTS) & (sessions > 0)
    share = np.where(enough, nights / np.where(enough, sessions, 1.0), np.nan)
    return np.asarray(share[bounds.of_bucket])
