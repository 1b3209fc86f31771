"""Gaps: stretches of a session without bars that are too long to be its usual silence."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from newsvol.engine.arrays import NS_PER_MINUTE, FloatArray, IntArray
from newsvol.engine.frames import BarFrame
from newsvol.signals.volatility.buckets import BucketFrame, bar_length_ns

GAP_FACTOR: Final = 3
"""A silence is a gap when it is longer than so many times the longest silence of a usual session."""

USUAL_SESSIONS: Final = 20
"""Sessions whose longest silences are the usual one: their median."""

MIN_SESSIONS: Final = 5
"""Before so many sessions with bars have been seen, ten minutes are taken for the usual silence."""

SILENCE_UNTIL_KNOWN_NS: Final = 10 * NS_PER_MINUTE

MIN_COVERED: Final = 0.5
"""A bucket of which gaps leave less than this share of its minutes is missing."""


@dataclass(frozen=True)
class SessionBounds:
    """First and last bucket row of each session of a `BucketFrame`, shape (S,), and when it opens and closes.

    `of_bucket`, shape (B,), is the session of each bucket, counted from 0.
    """

    first: IntArray
    last: IntArray
    open_ns: IntArray
    close_ns: IntArray
    of_bucket: IntArray


def session_bounds(buckets: BucketFrame) -> SessionBounds:
    """Return where each session of `buckets` begins and ends."""
    begins = np.diff(buckets.session, prepend=buckets.session[:1] - 1) != 0
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(buckets))[: len(first)] - 1
    return SessionBounds(
        first, last, buckets.open_ns[first], buckets.close_ns[last], np.cumsum(begins, dtype=np.int64) - 1
    )


def gap_lengths(bars: BarFrame, bounds: SessionBounds) -> IntArray:
    """Return from what length on a silence is a gap in each session, shape (S,), nanoseconds.

    A silence runs from the close of one bar to the close of the next, or from the session's open, or to its
    close. On a tape of every minute the usual one is a minute, so that more than two missing minutes are a
    gap; a stock that is traded every few minutes is silent for longer, and that is no gap.

    Causal: a session's length comes from the sessions before it.

    Parameters
    ----------
    bars : BarFrame
        None of them open when a session opens.
    """
    usual = np.full(len(bounds.first), np.nan)
    if len(bars) and len(usual):
        longest = _longest_silences(bars, bounds)
        traded = np.isfinite(longest)
        padded = np.concatenate([np.full(USUAL_SESSIONS, np.nan), longest[traded]])
        windows = np.lib.stride_tricks.sliding_window_view(padded, USUAL_SESSIONS)
        medians = np.full(len(windows), np.nan)
        medians[MIN_SESSIONS:] = np.nanmedian(windows[MIN_SESSIONS:], axis=1)
        seen_before = np.cumsum(traded) - traded
        usual = medians[seen_before]
    unknown = max(SILENCE_UNTIL_KNOWN_NS, bar_length_ns(bars))
    return np.asarray(GAP_FACTOR * np.where(np.isfinite(usual), usual, unknown)).astype(np.int64)


def _longest_silences(bars: BarFrame, bounds: SessionBounds) -> FloatArray:
    """Return the longest silence of each session, shape (S,); NaN where it has no bar."""
    longest = np.full(len(bounds.first), np.nan)
    session = np.searchsorted(bounds.open_ns, bars.close_ns, side="left") - 1
    inside = (session >= 0) & (bars.close_ns <= bounds.close_ns[np.maximum(session, 0)])
    session, close_ns = session[inside], bars.close_ns[inside]
    if len(session) == 0:
        return longest
    first = np.flatnonzero(np.diff(session, prepend=session[0] - 1))
    since = np.concatenate([close_ns[:1], close_ns[:-1]])
    since[first] = bounds.open_ns[session[first]]
    traded = session[first]
    until_close = bounds.close_ns[traded] - close_ns[np.append(first[1:], len(close_ns)) - 1]
    longest[traded] = np.maximum(np.maximum.reduceat(close_ns - since, first), until_close)
    return longest
