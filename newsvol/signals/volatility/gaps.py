"""Gaps: stretches of a session without bars that are too long to be its usual silence."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from newsvol.engine.arrays import NS_PER_MINUTE, FloatArray, IntArray
from newsvol.engine.frames import BarFrame
from newsvol.signals.volatility.buckets import BucketFrame, bar_length_ns

GAP_FACTOR: Final = 4
"""A silence is a gap when it is longer than so many times what is usual."""

USUAL_SHARE: Final = 0.95
"""Usual is what this share of a session's silences do not exceed: a tear a day does not change it."""

USUAL_SESSIONS: Final = 20
"""The median of so many sessions with bars is taken."""

MIN_SESSIONS: Final = 5
"""Before so many sessions with bars have been seen, this long a silence is taken for the usual one:"""

SILENCE_UNTIL_KNOWN_NS: Final = 7 * NS_PER_MINUTE

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


def gap_lengths(bars: BarFrame, buckets: BucketFrame) -> IntArray:
    """Return from what length on a silence in each bucket is a gap, shape (B,), nanoseconds.

    A silence runs from the close of one bar to the close of the next, or from the session's open, or to its
    close. On a tape of every minute the usual one is a minute, so that more than three missing minutes are a
    gap; a stock that is traded every few minutes is silent for longer, and that is no gap.

    Causal: what is usual comes from the sessions before, and is the same for all buckets of a session.
    """
    bounds = session_bounds(buckets)
    gap_ns = gaps_of_sessions(usual_silences(bars, bounds), bar_length_ns(bars))
    return np.asarray(gap_ns[bounds.of_bucket])


def gaps_of_sessions(usually: FloatArray, bar_ns: int) -> IntArray:
    """Return from what length on a silence is a gap in each session, shape (S,), nanoseconds.

    Parameters
    ----------
    usually : FloatArray, shape (S,)
        As `usual_silences` gives them; a session's own is not read.
    bar_ns : int
        Length of a bar.
    """
    traded = np.isfinite(usually)
    padded = np.concatenate([np.full(USUAL_SESSIONS, np.nan), usually[traded]])
    windows = np.lib.stride_tricks.sliding_window_view(padded, USUAL_SESSIONS)
    medians = np.full(len(windows), np.nan)
    if len(windows) > MIN_SESSIONS:
        medians[MIN_SESSIONS:] = np.nanmedian(windows[MIN_SESSIONS:], axis=1)
    usual = medians[np.cumsum(traded) - traded]
    unknown = max(SILENCE_UNTIL_KNOWN_NS, bar_ns)
    return (GAP_FACTOR * np.where(np.isfinite(usual), usual, unknown)).astype(np.int64)


def usual_silences(bars: BarFrame, bounds: SessionBounds) -> FloatArray:
    """Return what `USUAL_SHARE` of each session's silences do not exceed, shape (S,); NaN without a bar."""
    if len(bars) == 0:
        return np.full(len(bounds.first), np.nan)
    begin = np.searchsorted(bars.close_ns, bounds.open_ns, side="right")
    counts = np.searchsorted(bars.close_ns, bounds.close_ns, side="right") - begin
    traded = np.flatnonzero(counts > 0)
    # each session's open, the closes of its bars, its close: a row of silences, one after the other
    rows = counts[traded] + 1
    first = np.cumsum(rows) - rows
    until = np.empty(rows.sum(), dtype=np.int64)
    is_bar = np.ones(len(until), dtype=np.bool_)
    is_bar[first + rows - 1] = False
    place = np.arange(len(until)) - np.repeat(first - begin[traded], rows)
    until[is_bar] = bars.close_ns[place[is_bar]]
    until[~is_bar] = bounds.close_ns[traded]
    silence = np.diff(until, prepend=until[:1])
    silence[first] = until[first] - bounds.open_ns[traded]
    # sorted within each session, all at once: a session's keys are above those of the one before
    key = np.repeat(np.arange(len(traded)) * (int(silence.max(initial=0)) + 1), rows)
    ranked = np.sort(silence + key) - key
    usual = np.full(len(counts), np.nan)
    usual[traded] = ranked[first + np.ceil(USUAL_SHARE * rows).astype(np.int64) - 1]
    return usual
