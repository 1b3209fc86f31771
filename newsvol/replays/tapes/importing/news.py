"""One file of raw news to headlines with three honest stamps: published, resolution, available."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from newsvol.engine.arrays import NS_PER_DAY, BoolArray, IntArray, TextArray
from newsvol.engine.errors import ConventionError, QuarantineError
from newsvol.engine.frames import BarFrame
from newsvol.replays.tapes.calendar import calendar_zone, session_dates, sessions_between
from newsvol.replays.tapes.importing.columns import NEWS_NAMES, find_columns
from newsvol.replays.tapes.importing.headlines import clean_headline
from newsvol.replays.tapes.importing.quarantine import Sieve
from newsvol.replays.tapes.importing.raw_table import RawTable
from newsvol.replays.tapes.importing.request import FileReport, ImportRequest
from newsvol.replays.tapes.importing.resolution import (
    RESOLUTIONS,
    SourceResolution,
    declared_sources,
    resolution_word,
    resolve_sources,
)
from newsvol.replays.tapes.importing.stamps import Stamps, localise, read_stamps
from newsvol.replays.tapes.importing.zones import require_zone

_NEXT_SESSION_WITHIN = 30 * NS_PER_DAY


@dataclass(frozen=True)
class FileNews:
    """The headlines of one file in file order, columns as in `NewsFrame`; `row` counts from 0 in the file."""

    row: IntArray
    published_ns: IntArray
    resolution_ns: IntArray
    available_ns: IntArray
    source: TextArray
    headline: TextArray
    report: FileReport
    sieve: Sieve


def news_of(table: RawTable, request: ImportRequest, bars: BarFrame) -> FileNews:
    """Understand one file of news; keep what becomes available within the span of `bars`.

    A headline is available at its stamp rounded up by its resolution (a date: the open of the first session
    of a later date), plus the feed delay: never before it could have been read. The resolution is that of its
    source (`resolve_sources`), unless the request says it.

    Raises
    ------
    ConventionError
        A column could not be told, or stamps with a time of day have no zone.
    TapeError
        No row is a headline.
    """
    columns = _columns(table, request)
    sieve = Sieve(table)
    stamps = read_stamps(
        table.frame[columns["stamp"]], table.frame[columns["time"]] if "time" in columns else None, table.name
    )
    sieve.hold(~stamps.valid, "unreadable stamp")
    headline = _headlines(table.frame[columns["headline"]])
    sieve.hold(headline == "", "empty headline")
    source = _sources(table, columns)
    stamps, resolved = _resolved(stamps, source, sieve.kept, request)
    published, zone, evidence = _published(stamps, request, sieve, table.name)
    available, known = _available(published, stamps, request, bars)
    repeated = np.zeros(len(headline), dtype=np.bool_)
    rows = np.flatnonzero(sieve.kept)
    if not len(rows):
        raise QuarantineError(
            f"{table.name}: none of its {len(table)} rows is a headline with a stamp", sieve.rows()
        )
    items = pd.DataFrame({"source": source[rows], "headline": headline[rows], "published": published[rows]})
    repeated[rows] = items.duplicated().to_numpy()
    sieve.hold(repeated, "duplicate")
    first_ns, last_ns = int(bars.open_ns[0]), int(bars.close_ns[-1])
    sieve.hold(~known | (available < first_ns) | (available > last_ns), "outside bars")
    sieve.require_clean(request.max_quarantined)
    kept = np.flatnonzero(sieve.kept)
    report = FileReport(
        file=table.name,
        kind="news",
        sha256=table.sha256,
        read=len(table),
        kept=len(kept),
        quarantined=sieve.counts(),
        columns=columns,
        zone=zone,
        stamp=" and ".join(resolution_word(int(unit)) for unit in np.unique(stamps.resolution_ns[rows])),
        evidence=(*table.notes, f"stamps are written {stamps.written}", *evidence),
        sources=resolved,
    )
    return FileNews(
        row=kept,
        published_ns=published[kept],
        resolution_ns=stamps.resolution_ns[kept],
        available_ns=available[kept],
        source=source[kept],
        headline=headline[kept],
        report=report,
        sieve=sieve,
    )


def _columns(table: RawTable, request: ImportRequest) -> dict[str, str]:
    columns = find_columns(table, NEWS_NAMES, request.columns, ())
    if not table.has_header and {"stamp", "headline"} - columns.keys():
        free = [str(column) for column in table.frame.columns if column not in columns.values()]
        if len(free) == 2 and not columns:
            # Two unnamed columns: the stamp is the one that has the same few characters all the way.
            lengths = {column: float(table.frame[column].str.len().std()) for column in free}
            stamp, headline = sorted(free, key=lambda column: lengths[column])
            return {"stamp": stamp, "headline": headline}
    return find_columns(table, NEWS_NAMES, request.columns, ("stamp", "headline"))


def _headlines(cells: "pd.Series[str]") -> TextArray:
    raw = cells.where(cells.notna(), "").astype(str)
    return np.array([clean_headline(text) for text in raw], dtype=object)


def _sources(table: RawTable, columns: dict[str, str]) -> TextArray:
    stem = table.name.rsplit("/", 1)[-1].split(".", 1)[0]
    if "source" not in columns:
        return np.full(len(table.frame), stem, dtype=object)
    cells = table.frame[columns["source"]]
    named = cells.where(cells.notna(), "").astype(str).str.strip()
    return np.array(named.where(named != "", stem).tolist(), dtype=object)


def _resolved(
    stamps: Stamps, source: TextArray, usable: BoolArray, request: ImportRequest
) -> tuple[Stamps, tuple[SourceResolution, ...]]:
    dated = stamps.resolution_ns == NS_PER_DAY
    if request.resolution is None:
        resolution_ns, sources = resolve_sources(stamps.wall_ns, dated, usable, source)
    else:
        unit_ns = RESOLUTIONS[request.resolution]
        resolution_ns, sources = declared_sources(unit_ns, stamps.wall_ns, dated, usable, source)
    return replace(stamps, resolution_ns=resolution_ns), sources


def _published(
    stamps: Stamps, request: ImportRequest, sieve: Sieve, file: str
) -> tuple[IntArray, str, tuple[str, ...]]:
    exchange_zone = calendar_zone(request.calendar)
    if stamps.date_only:
        # A date has no zone of its own; the exchange's clock only says where the day begins on the tape.
        published, _ = localise(stamps.wall_ns, exchange_zone, ambiguous_is_late=True)
        return published, exchange_zone, ("dates: available at the open of the next session",)
    if stamps.utc_ns is not None:
        assert stamps.zone is not None
        return stamps.utc_ns, stamps.zone, ()
    if request.news_tz is not None:
        require_zone(request.news_tz, "--news-tz")
    if stamps.zone is not None and request.news_tz not in {None, stamps.zone}:
        raise ConventionError(
            f"--news-tz {request.news_tz} contradicts {file}: its stamps name {stamps.zone}; drop --news-tz"
        )
    zone = stamps.zone or request.news_tz
    if zone is None:
        raise ConventionError(
            f"{file}: its stamps have a time of day and no zone, which headlines cannot prove; "
            f"pass --news-tz ZONE (UTC, {exchange_zone}, ...)"
        )
    published, exists = localise(stamps.wall_ns, zone, ambiguous_is_late=True)
    sieve.hold(~exists, "wall clock skips this hour")
    return published, zone, ("zone named with the stamps" if stamps.zone else "zone from --news-tz",)


def _available(
    published_ns: IntArray, stamps: Stamps, request: ImportRequest, bars: BarFrame
) -> tuple[IntArray, BoolArray]:
    dated = stamps.resolution_ns == NS_PER_DAY
    available = published_ns + np.where(dated, 0, stamps.resolution_ns)
    known = stamps.valid.copy()
    if (dated & stamps.valid).any():
        zone = calendar_zone(request.calendar)
        # From a month before the bars: an older headline is out of their span whatever its next session is.
        first_ns = int(bars.open_ns[0]) - _NEXT_SESSION_WITHIN
        sessions = sessions_between(request.calendar, first_ns, int(bars.close_ns[-1]) + _NEXT_SESSION_WITHIN)
        days = stamps.wall_ns // NS_PER_DAY
        later = np.searchsorted(session_dates(sessions, zone), days, side="right")
        in_reach = (later < len(sessions)) & (days >= first_ns // NS_PER_DAY)
        opens = sessions.open_ns[np.minimum(later, len(sessions) - 1)]
        available = np.where(dated & in_reach, opens, available)
        known &= ~dated | in_reach
    return available + request.feed_delay_ns, known
