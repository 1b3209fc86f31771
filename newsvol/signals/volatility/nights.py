"""Nights: what the price does between a session's close and the next one's open, and its variance."""

from typing import Final

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.frames import BarFrame
from newsvol.signals.volatility.buckets import BucketFrame
from newsvol.signals.volatility.gaps import session_bounds
from newsvol.signals.volatility.trailing import Totals

WINDOW_NIGHTS: Final = 250
"""Nights that a share is taken from; docs/volatility.md has what other windows and means do."""

MIN_NIGHTS: Final = 5

PRIOR_NIGHTS: Final = 5.0
"""Nights that a prior's share is worth."""


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


def night_shares(
    night: FloatArray, rv: FloatArray, buckets: BucketFrame, prior: float | None = None
) -> FloatArray:
    """Return the variance of a night as a share of the variance of a session, shape (B,).

    The sum of the last 250 squared night returns over the sum of the variances of the sessions that followed
    them: times a forecast of the session's variance it is a forecast of the night's, which goes up and down
    with it. NaN before `MIN_NIGHTS` nights; with a prior there is a share from the first session on.

    Causal: a session's share comes from nights and sessions that were over before it opened; it is one number
    for all of its buckets. A night counts once the session after it has ended, though it was known when that
    session's first bar had.

    Parameters
    ----------
    night : FloatArray, shape (B,)
        As `night_returns` gives them; those of a session are equal.
    rv : FloatArray, shape (B,)
        Realized variance. A session that lacks a bucket counts for nothing, with its night.
    prior : float, optional
        A share that counts as `PRIOR_NIGHTS` nights.
    """
    bounds = session_bounds(buckets)
    if len(bounds.first) == 0:
        return np.empty(0)
    shares = NightShares(len(bounds.first), prior)
    shares.add(night[bounds.first], np.add.reduceat(rv, bounds.first))
    return shares.share[bounds.of_bucket]


class NightShares:
    """The share of the night as it grows, session by session; see `night_shares`.

    Parameters
    ----------
    capacity : int
        Sessions that it can hold.
    prior : float, optional
        See `night_shares`.

    Attributes
    ----------
    share : FloatArray, shape (S,)
        Of each session, from those before it; NaN where it has not come yet.
    """

    def __init__(self, capacity: int, prior: float | None = None) -> None:
        self.share = np.full(capacity, np.nan)
        self._prior = prior
        if prior is not None:
            self.share[:1] = prior
        self._nights, self._sessions = Totals(capacity), Totals(capacity)
        self._added, self._known = 0, 0

    def add(self, night: FloatArray, session_rv: FloatArray) -> None:
        """Take in sessions that have ended, their nights before them, and fill the shares up to the next.

        Parameters
        ----------
        night, session_rv : FloatArray, shape (S,)
        """
        squared = night**2
        known = np.isfinite(squared) & np.isfinite(session_rv)
        self._nights.add(squared[known])
        self._sessions.add(session_rv[known])
        after = self._known + np.cumsum(known)
        for session, before in enumerate(after.tolist(), start=self._added + 1):
            if session < len(self.share) and (before >= MIN_NIGHTS or self._prior is not None):
                self.share[session] = self._after(before)
        self._added += len(known)
        self._known += int(known.sum())

    def _after(self, nights: int) -> float:
        """Return the share after so many nights."""
        squared, variance = (
            float(totals.sums(WINDOW_NIGHTS, nights, nights + 1)[0])
            for totals in (self._nights, self._sessions)
        )
        if self._prior is None:
            return squared / variance if variance > 0 else np.nan
        if not variance > 0:
            return self._prior
        believed = PRIOR_NIGHTS * variance / min(nights, WINDOW_NIGHTS)
        return (squared + self._prior * believed) / (variance + believed)
