"""Vendor files to one tape."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from newsvol.engine.arrays import NS_PER_SECOND
from newsvol.engine.errors import InputError, TapeError
from newsvol.engine.frames import BarFrame, NewsFrame, SessionFrame
from newsvol.replays.tapes.calendar import calendar_zone, sessions_between
from newsvol.replays.tapes.coverage import coverage_of
from newsvol.replays.tapes.importing.bars import FileBars, bars_of
from newsvol.replays.tapes.importing.columns import HEADER_NAMES, require_mapped
from newsvol.replays.tapes.importing.news import FileNews, news_of
from newsvol.replays.tapes.importing.quarantine import COLUMNS
from newsvol.replays.tapes.importing.raw_table import RawTable, plain, read_table
from newsvol.replays.tapes.importing.request import FileReport, ImportRequest, ImportResult
from newsvol.replays.tapes.importing.resolution import resolution_word
from newsvol.replays.tapes.importing.splits import (
    adjusted,
    as_origin,
    read_splits,
    require_adjusted,
    suspected_splits,
)
from newsvol.replays.tapes.importing.zones import require_zone
from newsvol.replays.tapes.tape import BadPrintFrame, Tape, TapeInfo

DEFAULT_INSTRUMENT = "SPY"
LINES_IN_A_HEADLINE = 200


def import_tape(request: ImportRequest, progress: Callable[[str], None] = lambda stage: None) -> ImportResult:
    """Turn vendor files into one validated tape; nothing is written.

    Parameters
    ----------
    progress : callable
        Told the name of each stage as it begins.

    Raises
    ------
    ConventionError
        A column, zone or stamp convention could not be proven; the message names the option to pass.
    TapeError
        A file cannot be read or has no usable rows, or two files cover the same bars.
    """
    if not request.bars:
        raise InputError("no bars to import; pass --bars FILE")
    for zone, option in ((request.tz, "--tz"), (request.news_tz, "--news-tz")):
        if zone is not None:
            require_zone(zone, option)
    exchange_zone = calendar_zone(request.calendar)
    progress("reading files")
    names = _names((*request.bars, *request.news))
    known = HEADER_NAMES | {plain(column) for column in request.columns.values()}
    count = len(request.bars)
    bar_tables = tuple(read_table(*each, known, 0) for each in zip(request.bars, names[:count], strict=True))
    news_tables = tuple(
        read_table(*each, known, LINES_IN_A_HEADLINE)
        for each in zip(request.news, names[count:], strict=True)
    )
    require_mapped(request.columns, (*bar_tables, *news_tables))
    parts: list[FileBars] = []
    for table in bar_tables:
        progress(f"proving the stamps of {table.name}")
        parts.append(bars_of(table, request))
    bars, bad_prints = _joined(parts)
    instrument = _instrument(parts, request)
    progress("looking for splits")
    bars, bad_prints, splits = _unsplit(bars, bad_prints, request, exchange_zone, bar_tables)
    news_parts: list[FileNews] = []
    for table in news_tables:
        progress(f"reading the headlines of {table.name}")
        news_parts.append(news_of(table, request, bars))
    progress("checking sessions and gaps")
    news = _news(news_parts, news_tables)
    sessions = sessions_between(request.calendar, int(bars.open_ns[0]), int(bars.close_ns[-1]))
    reports = (*(part.report for part in parts), *(part.report for part in news_parts))
    info = TapeInfo(
        instrument=instrument,
        calendar=request.calendar,
        timezone=exchange_zone,
        bar_ns=parts[0].bar_ns,
        origin={
            "kind": "import",
            "feed_delay_seconds": request.feed_delay_ns / NS_PER_SECOND,
            "close_only": request.close_only,
            **splits,
            "files": [_origin(report) for report in reports],
        },
        counts={
            **_counts(bars, news, sessions, parts[0].bar_ns, reports),
            **({"bad_prints": len(bad_prints)} if len(bad_prints) else {}),
        },
    )
    sieves = (*(part.sieve for part in parts), *(part.sieve for part in news_parts))
    held = [rows for sieve in sieves if len(rows := sieve.rows())]
    quarantine = pd.concat(held, ignore_index=True) if held else pd.DataFrame(columns=COLUMNS)
    assert len(quarantine) == sum(report.read - report.kept for report in reports), (
        "read = kept + quarantined"
    )
    return ImportResult(Tape(bars, news, sessions, info, bad_prints), quarantine, reports)


def _names(files: Sequence[Path]) -> list[str]:
    """File names, with their folder where two are called the same."""
    counts = Counter(file.name for file in files)
    repeated = [file for file, count in Counter(file.resolve() for file in files).items() if count > 1]
    if repeated:
        raise TapeError(f"{repeated[0].name} is given twice; name each file once")
    return [file.name if counts[file.name] == 1 else f"{file.parent.name}/{file.name}" for file in files]


def _instrument(parts: Sequence[FileBars], request: ImportRequest) -> str:
    if request.instrument is not None:
        return request.instrument.upper()
    symbols = {part.symbol: part.report.file for part in parts if part.symbol is not None}
    if len(symbols) > 1:
        held = ", ".join(f"{symbol} ({file})" for symbol, file in symbols.items())
        raise TapeError(f"the files hold different instruments: {held}; a tape has one")
    return next(iter(symbols), DEFAULT_INSTRUMENT)


def _unsplit(
    bars: BarFrame,
    bad_prints: BadPrintFrame,
    request: ImportRequest,
    zone: str,
    tables: Sequence[RawTable],
) -> tuple[BarFrame, BadPrintFrame, dict[str, Any]]:
    """Adjust for the splits that are listed, and settle those that are not; return what the origin says."""
    listed = read_splits(request.splits) if request.splits is not None else ()
    sessions = sessions_between(request.calendar, int(bars.open_ns[0]), int(bars.close_ns[-1]))
    bars, bad_prints, done = adjusted(bars, bad_prints, listed, sessions, zone)
    suspects = suspected_splits(bars, sessions, zone)
    if not request.keep_splits:
        require_adjusted(suspects, [table.name for table in tables])
    said: dict[str, Any] = {}
    if request.splits is not None:
        said["splits"] = [as_origin(split) for split in done]
        said["splits_listed"] = len(listed)
    if suspects:
        said["splits_kept"] = [as_origin(suspect.split) for suspect in suspects]
    return bars, bad_prints, said


def _joined(parts: Sequence[FileBars]) -> tuple[BarFrame, BadPrintFrame]:
    lengths = {part.bar_ns: part.report.file for part in parts}
    if len(lengths) > 1:
        told = ", ".join(f"{file} {bar_ns / 6e10:g} minutes" for bar_ns, file in lengths.items())
        raise TapeError(f"bars of different lengths do not make one tape: {told}; import them apart")
    if len(parts) == 1:
        return parts[0].bars, parts[0].bad_prints
    columns = {name: np.concatenate([getattr(part.bars, name) for part in parts]) for name in _BAR_COLUMNS}
    owner = np.repeat(np.arange(len(parts)), [len(part.bars) for part in parts])
    order = np.argsort(columns["open_ns"], kind="stable")
    columns = {name: values[order] for name, values in columns.items()}
    owner = owner[order]
    shared = np.flatnonzero(columns["open_ns"][1:] < columns["close_ns"][:-1])
    if len(shared):
        one, two = parts[int(owner[shared[0]])].report.file, parts[int(owner[shared[0] + 1])].report.file
        same = np.isin(owner[shared], owner[shared[0] : shared[0] + 2]) & np.isin(
            owner[shared + 1], owner[shared[0] : shared[0] + 2]
        )
        first, last = columns["open_ns"][shared[same][0]], columns["open_ns"][shared[same][-1]]
        raise TapeError(
            f"{one} and {two} overlap: {int(same.sum()):,} bars from {_utc(first)} to {_utc(last)} "
            "are in both; leave one out, or cut it"
        )
    off = {
        name: np.concatenate([getattr(part.bad_prints, name) for part in parts]) for name in _PRINT_COLUMNS
    }
    in_time = np.argsort(off["open_ns"], kind="stable")
    return BarFrame(**columns), BadPrintFrame(**{name: values[in_time] for name, values in off.items()})


_BAR_COLUMNS = ("open_ns", "close_ns", "open", "high", "low", "close", "volume")
_PRINT_COLUMNS = ("open_ns", "high", "low")


def _utc(stamp_ns: int) -> str:
    return f"{pd.Timestamp(stamp_ns, unit='ns'):%Y-%m-%d %H:%M} UTC"


def _news(parts: Sequence[FileNews], tables: Sequence[RawTable]) -> NewsFrame:
    if not parts:
        none, text = np.empty(0, dtype=np.int64), np.empty(0, dtype=object)
        return NewsFrame(none, none.copy(), none.copy(), none.copy(), text, text.copy())
    starts = np.cumsum([0, *(len(table.frame) for table in tables[:-1])])
    item_id = np.concatenate([part.row + start for part, start in zip(parts, starts, strict=True)])
    available = np.concatenate([part.available_ns for part in parts])
    order = np.lexsort((item_id, available))
    return NewsFrame(
        item_id=item_id[order].astype(np.int64),
        published_ns=np.concatenate([part.published_ns for part in parts])[order],
        resolution_ns=np.concatenate([part.resolution_ns for part in parts])[order],
        available_ns=available[order],
        source=np.concatenate([part.source for part in parts])[order],
        headline=np.concatenate([part.headline for part in parts])[order],
    )


def _origin(report: FileReport) -> dict[str, Any]:
    return {
        "file": report.file,
        "kind": report.kind,
        "sha256": report.sha256,
        "columns": dict(report.columns),
        "zone": report.zone,
        "stamp": report.stamp,
        "evidence": list(report.evidence),
        "sources": [asdict(source) for source in report.sources],
    }


def _counts(
    bars: BarFrame, news: NewsFrame, sessions: SessionFrame, bar_ns: int, reports: Sequence[FileReport]
) -> dict[str, Any]:
    by_source = Counter(news.source.tolist())
    by_resolution = Counter(resolution_word(int(unit)) for unit in news.resolution_ns)
    return {
        **coverage_of(bars, sessions, bar_ns).as_counts(),
        "bars_without_volume": int(np.isnan(bars.volume).sum()),
        "headlines": len(news),
        "headlines_by_source": dict(by_source.most_common()),
        "headlines_by_resolution": dict(by_resolution.most_common()),
        "read": sum(report.read for report in reports),
        "kept": sum(report.kept for report in reports),
        "quarantined": sum(sum(report.quarantined.values()) for report in reports),
        "files": [
            {
                "file": report.file,
                "kind": report.kind,
                "read": report.read,
                "kept": report.kept,
                "quarantined": dict(report.quarantined),
            }
            for report in reports
        ],
    }
