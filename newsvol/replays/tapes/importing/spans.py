"""Stamps to bar limits: zone and edge proven, bars cut to their sessions, strays put aside."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, IntArray
from newsvol.engine.errors import ConventionError
from newsvol.engine.frames import SessionFrame
from newsvol.replays.tapes.calendar import calendar_zone, session_dates, session_of
from newsvol.replays.tapes.importing.edges import bar_length, prove_edge
from newsvol.replays.tapes.importing.quarantine import Sieve
from newsvol.replays.tapes.importing.raw_table import RawTable
from newsvol.replays.tapes.importing.request import ImportRequest
from newsvol.replays.tapes.importing.stamps import Stamps
from newsvol.replays.tapes.importing.zones import Activity, prove_zone, spanned_sessions

LEAN_ZONE = "America/New_York"


@dataclass(frozen=True)
class Spans:
    """Bar limits that were proven, and the words for the report."""

    open_ns: IntArray
    close_ns: IntArray
    bar_ns: int
    zone: str
    stamp: str
    evidence: tuple[str, ...]


def is_daily(stamps: Stamps) -> bool:
    if stamps.date_only:
        return True
    days = np.unique(stamps.wall_ns[stamps.valid])
    return len(days) > 1 and bool(np.median(np.diff(days)) >= 20 * NS_PER_HOUR)


def daily_spans(table: RawTable, stamps: Stamps, request: ImportRequest, sieve: Sieve) -> Spans:
    """A bar of a date lasts its session."""
    zone = calendar_zone(request.calendar)
    wall = stamps.wall_ns
    if (wall[stamps.valid] % NS_PER_DAY).any():
        # Midnight in New York, written in UTC, is 04:00 or 05:00: its date is New York's all the same.
        if stamps.utc_ns is None:
            raise ConventionError(
                f"{table.name} has one bar a day, but its stamps are no dates; write YYYY-MM-DD"
            )
        local = pd.DatetimeIndex(stamps.utc_ns, tz="UTC").tz_convert(zone).tz_localize(None)
        wall = local.as_unit("ns").asi8
        if (wall[stamps.valid] % NS_PER_DAY).any():
            raise ConventionError(
                f"{table.name} has one bar a day, but its stamps are no dates; write YYYY-MM-DD"
            )
    days = wall // NS_PER_DAY
    sessions = spanned_sessions(request.calendar, wall[stamps.valid])
    dates = session_dates(sessions, zone)
    place = np.minimum(np.searchsorted(dates, days), max(len(dates) - 1, 0))
    known = (dates[place] == days) if len(dates) else np.zeros(len(days), dtype=np.bool_)
    sieve.hold(~known, "outside session")
    open_ns = (
        np.where(known, sessions.open_ns[place], 0) if len(dates) else np.zeros(len(days), dtype=np.int64)
    )
    close_ns = (
        np.where(known, sessions.close_ns[place], 1) if len(dates) else np.ones(len(days), dtype=np.int64)
    )
    bar_ns = int(np.median(sessions.close_ns - sessions.open_ns)) if len(dates) else NS_PER_DAY
    share = float(known[stamps.valid].mean())
    evidence = (f"one bar a day: it lasts the session of its date; {share:.1%} of the dates are sessions",)
    return Spans(open_ns, close_ns, bar_ns, zone, "session", evidence)


def intraday_spans(
    table: RawTable, stamps: Stamps, seen: Activity, request: ImportRequest, sieve: Sieve
) -> Spans:
    sieve.hold(stamps.resolution_ns == NS_PER_DAY, "unreadable stamp")
    zone = calendar_zone(request.calendar)
    sessions = spanned_sessions(request.calendar, stamps.wall_ns[stamps.valid])
    if table.form == "lean":
        stamps = replace(stamps, zone=LEAN_ZONE, written="in LEAN format")
    proof = prove_zone(stamps, seen, sessions, zone, request.tz, table.name)
    sieve.hold(~proof.exists, "wall clock skips or repeats this hour")
    usable = sieve.kept
    bar_ns = bar_length(proof.utc_ns[usable])
    weighed = Activity(seen.weight[usable], seen.name)
    declared, by = ("start", "LEAN format") if table.form == "lean" else (request.stamp, "--stamp")
    edge = prove_edge(proof.utc_ns[usable], weighed, bar_ns, sessions, declared, by, table.name)
    open_ns = proof.utc_ns - (bar_ns if edge.edge == "end" else 0)
    close_ns = open_ns + bar_ns
    _hold_off_session(open_ns, close_ns, bar_ns, sessions, sieve)
    at = session_of(sessions, open_ns)
    # A clock-hour bar begins before the open and ends after the close: what it holds is the session's part.
    inside = np.where(at >= 0, at, session_of(sessions, close_ns - 1))
    safe = np.maximum(inside, 0)
    if len(sessions):
        open_ns = np.where(sieve.kept, np.maximum(open_ns, sessions.open_ns[safe]), open_ns)
        close_ns = np.where(sieve.kept, np.minimum(close_ns, sessions.close_ns[safe]), close_ns)
    return Spans(open_ns, close_ns, bar_ns, proof.zone, edge.edge, (proof.evidence, edge.evidence))


def _hold_off_session(
    open_ns: IntArray, close_ns: IntArray, bar_ns: int, sessions: SessionFrame, sieve: Sieve
) -> None:
    starts_in, ends_in = session_of(sessions, open_ns), session_of(sessions, close_ns - 1)
    outside = (starts_in < 0) & (ends_in < 0)
    whole = sieve.kept.sum()
    far = int((outside & sieve.kept).sum())
    sieve.hold(outside, "outside session")
    if far > 0.02 * whole and sieve.table.form != "lean":
        # With pre-market bars beside it, a bar across the open holds pre-market trades.
        sieve.hold((starts_in < 0) | (ends_in < 0), "straddles the edge of the session")
    at = np.maximum(np.where(starts_in >= 0, starts_in, ends_in), 0)
    if not len(sessions) or not sieve.kept.any():
        return
    phase = (open_ns - sessions.open_ns[at]) % bar_ns
    phases, counts = np.unique(phase[sieve.kept], return_counts=True)
    unit = NS_PER_MINUTE if bar_ns % NS_PER_MINUTE == 0 else bar_ns
    name = "off the minute grid" if bar_ns == unit else "off the bar grid"
    sieve.hold(phase != phases[counts.argmax()], name)
