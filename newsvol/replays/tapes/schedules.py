"""Schedules of events from files, and the one that is shipped. Names and stamps are read, outcomes never."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np

from newsvol.engine.arrays import NS_PER_SECOND
from newsvol.engine.errors import InputError
from newsvol.replays.tapes.icalendar import read_ics
from newsvol.signals.volatility.schedule import ALWAYS_NS, NEVER_NS, Schedule

NAME_COLUMNS = ("event", "name", "title", "summary")
STAMP_COLUMNS = ("ts_utc", "start_utc", "time_utc", "start", "ts", "timestamp", "datetime")
SINCE_COLUMNS = ("known_from",)
UNTIL_COLUMNS = ("known_until",)
"""Headings that are understood, the first one present counts; any other column is not looked at."""

US: Final = "us"
"""The shipped schedule: FOMC statements, CPI and the employment report (NFP), from 1994 on."""

_ISO = "ISO"
_FORMATS = (_ISO, "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M")

MAX_EVENTS = 12
"""Two columns for each name: more would be a regression on the calendar."""


def us_events() -> Path:
    """Return the file of the shipped schedule."""
    return Path(str(resources.files("newsvol.replays.tapes").joinpath("us_releases.csv")))


def schedule_file(named: Path | str) -> Path:
    """Return the file of a schedule as users name it: ``us`` is the shipped one, all else a path."""
    return us_events() if named == US else Path(named)


def load_schedule(file: Path, names: Sequence[str] = ()) -> Schedule:
    """Read the schedule in `file`, all of it or the events called `names`.

    A CSV has a column of names and one of stamps (see `NAME_COLUMNS` and `STAMP_COLUMNS`); stamps are ISO
    or month/day/year (or day/month: a day above twelve must show which), UTC unless they carry an offset.
    Where it has them, ``known_from`` and ``known_until`` say when an event was announced, and when it was
    moved or cancelled, in ISO; an empty cell means always and never. A file that ends in ``.ics`` is
    iCalendar.

    Raises
    ------
    InputError
        The file cannot be read, a row has no name or no stamp, or there are too many names to take all.
    UnknownNameError
        The file has no event of such a name; with the nearest one.
    """
    text = _read(file)
    if file.suffix.lower() == ".ics":
        events = [_Event(stamp_ns, name) for name, stamp_ns in read_ics(text, str(file))]
    else:
        events = _read_csv(text, file)
    if not events:
        raise InputError(f"{file} holds no event")
    events.sort(key=lambda event: (event.stamp_ns, event.name))
    schedule = Schedule(
        np.array([event.name for event in events], dtype=object),
        np.array([event.stamp_ns for event in events], dtype=np.int64),
        np.array([event.since_ns for event in events], dtype=np.int64),
        np.array([event.until_ns for event in events], dtype=np.int64),
    )
    if names:
        return schedule.choose(names)
    if len(schedule.names) > MAX_EVENTS:
        raise InputError(
            f"{file} holds {len(schedule.names)} kinds of event; choose some with volatility.event_names: "
            f"[{schedule.names[0]}, ...]"
        )
    return schedule


@dataclass(frozen=True)
class _Event:
    stamp_ns: int
    name: str
    since_ns: int = ALWAYS_NS
    until_ns: int = NEVER_NS


def _read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the events in {file}: {error.strerror}") from error


def _read(file: Path) -> str:
    try:
        return _read_bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read the events in {file}: not UTF-8") from error


def _read_csv(text: str, file: Path) -> list[_Event]:
    try:
        heading, *cells = list(csv.reader(text.splitlines())) or [[]]
    except csv.Error as error:
        raise InputError(f"{file} is not a CSV file: {error}") from error
    heading = [column.strip().lower() for column in heading]
    name_at, stamp_at = (
        _find(heading, known, what, file)
        for known, what in ((NAME_COLUMNS, "names"), (STAMP_COLUMNS, "stamps"))
    )
    rows = [(number, row) for number, row in enumerate(cells, start=2) if any(cell.strip() for cell in row)]
    for number, row in rows:
        if len(row) <= max(name_at, stamp_at) or not row[name_at].strip():
            raise InputError(f"{file} line {number}: no name or no stamp of an event")
    stamps = _read_stamps([(number, row[stamp_at].strip()) for number, row in rows], file)
    since = _read_known(rows, heading, SINCE_COLUMNS, ALWAYS_NS, file)
    until = _read_known(rows, heading, UNTIL_COLUMNS, NEVER_NS, file)
    names = [row[name_at].strip() for _, row in rows]
    return [_Event(*event) for event in zip(stamps, names, since, until, strict=True)]


def _read_known(
    rows: list[tuple[int, list[str]]], heading: list[str], columns: tuple[str, ...], empty: int, file: Path
) -> list[int]:
    """Read when events were announced or called off; `empty` where the cell or the column is not there."""
    at = next((heading.index(column) for column in columns if column in heading), len(heading))
    known = []
    for number, row in rows:
        cell = row[at].strip() if at < len(row) else ""
        try:
            known.append(_stamp_ns(cell, _ISO) if cell else empty)
        except ValueError as error:
            raise InputError(
                f"{file} line {number}: {cell!r} under {heading[at]} is no date and time; write "
                "2024-03-20T18:00:00+00:00"
            ) from error
    return known


def _find(heading: list[str], known: tuple[str, ...], what: str, file: Path) -> int:
    found = next((column for column in known if column in heading), None)
    if found is None:
        raise InputError(f"{file} has no column of {what}: one of {', '.join(known)}; it has {heading}")
    return heading.index(found)


def _read_stamps(texts: list[tuple[int, str]], file: Path) -> list[int]:
    """Read every stamp in the one format that fits them all."""
    found = [stamps for form in _FORMATS if (stamps := _read_all(texts, form)) is not None]
    if not found:
        number, text = next(
            (row for row in texts if all(_read_all([row], form) is None for form in _FORMATS)), texts[0]
        )
        raise InputError(
            f"{file} line {number}: {text!r} is no date and time that fits; write 2024-03-20T18:00:00+00:00"
        )
    if any(stamps != found[0] for stamps in found):
        raise InputError(
            f"{file}: {texts[0][1]!r} may be month/day or day/month, and no day above 12 tells; "
            "write 2024-03-20T18:00:00+00:00"
        )
    return found[0]


def _read_all(texts: list[tuple[int, str]], form: str) -> list[int] | None:
    try:
        return [_stamp_ns(text, form) for _, text in texts]
    except ValueError:
        return None


def _stamp_ns(text: str, form: str) -> int:
    if form == _ISO:
        moment = datetime.fromisoformat(text)
        if len(text) <= len("2024-03-20"):
            raise ValueError("a date without a time")
    else:
        moment = datetime.strptime(text, form).replace(tzinfo=UTC)
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return round(moment.timestamp()) * NS_PER_SECOND
