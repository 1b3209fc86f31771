"""Tables that ``newsvol tape`` prints."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.markup import escape

from newsvol.cli.console import new_table, print_lines, print_table
from newsvol.engine.arrays import NS_PER_MINUTE
from newsvol.replays.tapes.check import TapeCheck
from newsvol.replays.tapes.coverage import Coverage, coverage_of
from newsvol.replays.tapes.importing.request import FileReport, ImportResult
from newsvol.replays.tapes.tape import Tape

_GAPS_PRINTED = 10
_SOURCES_PRINTED = 4
_RESOLUTIONS_PRINTED = 20
_BAD_PRINTS_PRINTED = 10
_PROOFS = {
    "proven": "proven",
    "mixed": "mixed",
    "doubt": "in doubt",
    "declared": "--resolution",
}


@contextmanager
def progress_line() -> Iterator[Callable[[str], None]]:
    """Yield a function that says on stderr what is being done, where somebody is watching."""
    with Console(stderr=True).status("starting") as status:
        yield lambda stage: status.update(escape(stage))


def print_import(console: Console, result: ImportResult, folder: Path, content_hash: str) -> None:
    """Print files and counts, conventions with their evidence, and the tape that was made."""
    table = new_table(console, ["file", "stamps", "zone", "read", "kept", "quarantined"], texts=3)
    for report in result.reports:
        stamp = f"bar {report.stamp}" if report.kind == "bars" else f"to the {report.stamp}"
        table.add_row(escape(report.file), stamp, escape(report.zone), *_numbers(report.read, report.kept))
    if len(result.reports) > 1:
        read, kept = (sum(getattr(report, key) for report in result.reports) for key in ("read", "kept"))
        table.add_row("total", "", "", *_numbers(read, kept), style="bold")
    print_table(console, "Files: read = kept + quarantined", table)
    _print_title(console, "Conventions, and how they are known")
    for report in result.reports:
        _print_evidence(console, report)
    _print_sources(console, result.tape)
    _print_title(console, f"Tape in {folder}")
    coverage = coverage_of(result.tape.bars, result.tape.sessions, result.tape.info.bar_ns)
    facts = _facts(result.tape, coverage, content_hash)
    if len(result.quarantine):
        facts.insert(
            -1, ("quarantine", f"{_counted(len(result.quarantine), 'row')} in {folder / 'quarantine.csv'}")
        )
    _print_facts(console, facts)
    _print_bad_prints(console, result.tape)
    _print_gaps(console, coverage, result.tape)


def print_check(console: Console, check: TapeCheck, folder: Path) -> None:
    """Print that the tape is whole, its half-days, clock changes, repeats, and the gaps last."""
    _print_title(console, f"{folder} is whole: its hash and contents agree")
    facts = _facts(check.tape, check.coverage, check.content_hash)
    facts += [
        ("half-days", _dates(check.half_days)),
        ("clock changes", _dates(check.clock_changes)),
        ("repeats", f"{check.repeated_headlines:,} headlines were said before by their source"),
    ]
    if not check.calendar_agrees:
        facts.append(
            ("calendar", f"the sessions are not those of {check.tape.info.calendar} as installed here")
        )
    _print_facts(console, facts)
    _print_bad_prints(console, check.tape)
    _print_gaps(console, check.coverage, check.tape)


def print_tape(console: Console, tape: Tape, folder: Path, plot: Path | None) -> None:
    """Print what a tape holds and where it came from."""
    _print_title(console, f"Tape in {folder}")
    coverage = coverage_of(tape.bars, tape.sessions, tape.info.bar_ns)
    _print_facts(console, _facts(tape, coverage, tape.content_hash()))
    files: Sequence[Mapping[str, Any]] = tape.info.origin.get("files", ())
    if files:
        table = new_table(console, ["file", "kind", "zone", "stamps", "sha256"], texts=5)
        for file in files:
            told = (file["file"], file["kind"], file["zone"], file["stamp"], file["sha256"][:12])
            table.add_row(*(escape(str(cell)) for cell in told))
        print_table(console, "Made from", table)
    _print_sources(console, tape)
    _print_bad_prints(console, tape)
    _print_gaps(console, coverage, tape)
    if plot is not None:
        print_lines(console, ["", f"Picture: {plot}"])


def _numbers(read: int, kept: int) -> tuple[str, str, str]:
    return f"{read:,}", f"{kept:,}", f"{read - kept:,}" if read > kept else "-"


def _print_title(console: Console, title: str) -> None:
    console.print()
    console.print(title, style="bold", markup=False, highlight=False, soft_wrap=True)


def _print_evidence(console: Console, report: FileReport) -> None:
    columns = ", ".join(
        role if role == name.lower() else f"{role} = {name}" for role, name in report.columns.items()
    )
    lines = [f"columns: {columns}", *report.evidence]
    if report.quarantined:
        held = ", ".join(f"{count:,} {reason}" for reason, count in report.quarantined.items())
        lines.append(f"quarantined: {held}")
    if not report.kept:
        lines.append("NOTHING of this file is on the tape")
    print_lines(console, [report.file, *(f"  {line}" for line in lines)])


def _facts(tape: Tape, coverage: Coverage, content_hash: str) -> list[tuple[str, str]]:
    info, bars = tape.info, tape.bars
    first, last = (_local(stamp, info.timezone) for stamp in (bars.open_ns[0], bars.close_ns[-1]))
    half_days = _counted(coverage.half_days, "half-day")
    missing = coverage.missing_minutes
    silent = int(np.isnan(bars.volume).sum())
    gaps = f"{_counted(missing, 'minute')} missing" if missing else "no minute missing"
    if coverage.empty_sessions:
        gaps += f", {_counted(coverage.empty_sessions, 'session')} empty"
    present = f"{coverage.bars_present:,} of {coverage.bars_expected:,}"
    return [
        ("instrument", f"{info.instrument} on {info.calendar} ({info.timezone})"),
        ("span", f"{first} to {last}"),
        ("sessions", f"{coverage.sessions:,}, {half_days}"),
        ("bars", f"{present}, {gaps}"),
        *([("", f"{_counted(silent, 'bar')} without volume")] if silent else []),
        *_bad_prints_fact(tape),
        *_splits_facts(tape),
        ("headlines", f"{len(tape.news):,}{_by_source(tape)}"),
        ("hash", content_hash),
    ]


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _bad_prints_fact(tape: Tape) -> list[tuple[str, str]]:
    bars = len(tape.bad_prints)
    if not bars:
        return []
    told = f"{_counted(bars, 'bar')}: open or close stands for a high or low off the market"
    return [("bad prints", told)]


def _splits_facts(tape: Tape) -> list[tuple[str, str]]:
    origin = tape.info.origin
    told = []
    if "splits" in origin:
        done = [f"{split['date']} {split['ratio']}" for split in origin["splits"]]
        others = origin["splits_listed"] - len(done)
        outside = f" ({others} listed outside the tape)" if others else ""
        told.append(f"adjusted for {', '.join(done) or 'none'}{outside}")
    if "splits_kept" in origin:
        kept = [f"{split['date']} {split['ratio']}" for split in origin["splits_kept"]]
        told.append(f"kept as they are, though like splits: {', '.join(kept)}")
    return [("splits" if not place else "", line) for place, line in enumerate(told)]


def _by_source(tape: Tape) -> str:
    counts = pd.Series(tape.news.source, dtype=object).value_counts()
    shown = [f"{source} {count:,}" for source, count in counts.head(_SOURCES_PRINTED).items()]
    rest = f" and {len(counts) - len(shown)} more" if len(counts) > len(shown) else ""
    return f" ({', '.join(shown)}{rest})" if shown else ""


def _print_facts(console: Console, facts: Sequence[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in facts)
    print_lines(console, (f"  {name:<{width}}  {value}" for name, value in facts))


def _dates(dates: Sequence[str]) -> str:
    return f"{', '.join(dates[:8])}{f' and {len(dates) - 8} more' if len(dates) > 8 else ''}" or "none"


def _local(stamp_ns: int, zone: str) -> str:
    return f"{pd.Timestamp(stamp_ns, tz='UTC').tz_convert(zone):%Y-%m-%d %H:%M}"


def _print_sources(console: Console, tape: Tape) -> None:
    """Print how fine the stamps of each source are; tapes made before that was asked do not know."""
    files = tape.info.origin.get("files", ())
    sources = [(file["file"], source) for file in files for source in file.get("sources", ())]
    if not sources:
        return
    sources.sort(key=lambda held: -held[1]["rows"])
    named = Counter(source["source"] for _, source in sources)
    columns = ["source", "stamps to the", "proof", "rows", "on :00"]
    table = new_table(console, columns, texts=3)
    for file, source in sources[:_RESOLUTIONS_PRINTED]:
        name = source["source"] if named[source["source"]] == 1 else f"{source['source']} in {file}"
        rows, on_minute = source["rows"], source["on_minute"]
        share = f"{on_minute:,} ({on_minute / rows:.0%})" if on_minute else "-"
        table.add_row(escape(name), source["resolution"], _PROOFS[source["proof"]], f"{rows:,}", share)
    print_table(console, "How fine the stamps of each source are (all rows of the file)", table)
    left = sources[_RESOLUTIONS_PRINTED:]
    lines = []
    if left:
        rows = sum(source["rows"] for _, source in left)
        lines.append(f"  and {_counted(len(left), 'more source')} with {_counted(rows, 'row')}, in tape.json")
    if any(source["proof"] in ("mixed", "doubt") for _, source in sources):
        lines += [
            "  Of stamps to the second 1 in 60 is on :00 by chance. Where more are (mixed) or",
            "  the rows are too few to tell (in doubt), those on :00 are taken to be stamped",
            "  to the minute, and are available at its end.",
        ]
    print_lines(console, lines)


def _print_bad_prints(console: Console, tape: Tape) -> None:
    bad, bars = tape.bad_prints, tape.bars
    if not len(bad):
        return
    shown = min(len(bad), _BAD_PRINTS_PRINTED)
    table = new_table(console, ["bar", "vendor's high", "high", "vendor's low", "low"], texts=1)
    for row, at in enumerate(np.searchsorted(bars.open_ns, bad.open_ns[:shown]).tolist()):
        high = f"{bad.high[row]:,.6g}", f"{bars.high[at]:,.6g}"
        low = f"{bad.low[row]:,.6g}", f"{bars.low[at]:,.6g}"
        table.add_row(_local(bad.open_ns[row], tape.info.timezone), *high, *low)
    which = f"The first {shown} of {len(bad):,} bad prints" if shown < len(bad) else "Bad prints"
    print_table(console, f"{which}, kept in bad_prints.parquet ({tape.info.timezone})", table)


def _print_gaps(console: Console, coverage: Coverage, tape: Tape) -> None:
    first_ns, last_ns = coverage.gap_first_ns, coverage.gap_last_ns
    if not len(first_ns):
        return
    # Sessions that are missing in a row make one stretch, which is how they were lost.
    session = np.searchsorted(tape.sessions.open_ns, first_ns, side="right") - 1
    to_close = last_ns == tape.sessions.close_ns[session]
    from_open = first_ns == tape.sessions.open_ns[session]
    runs_on = to_close[:-1] & from_open[1:] & (np.diff(session) == 1)
    starts = np.flatnonzero(np.concatenate([[True], ~runs_on]))
    ends = np.concatenate([starts[1:], [len(first_ns)]]) - 1
    minutes = np.add.reduceat((last_ns - first_ns) // NS_PER_MINUTE, starts)
    longest = np.sort(np.argsort(-minutes, kind="stable")[:_GAPS_PRINTED])
    table = new_table(console, ["from", "to", "minutes", "sessions"], texts=2)
    zone = tape.info.timezone
    for gap in longest:
        first, last = _local(first_ns[starts[gap]], zone), _local(last_ns[ends[gap]], zone)
        table.add_row(first, last, f"{minutes[gap]:,}", f"{ends[gap] - starts[gap] + 1:,}")
    which = f"The {len(longest)} longest of {len(starts):,} gaps" if len(starts) > len(longest) else "Gaps"
    print_table(console, f"{which} ({zone})", table)
