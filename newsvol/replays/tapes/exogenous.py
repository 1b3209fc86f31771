"""Series from outside the tape, from CSV: a column, and when each of its values could be known."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Literal

import numpy as np

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_MINUTE, NS_PER_SECOND, IntArray
from newsvol.engine.errors import InputError, nearest
from newsvol.replays.tapes.calendar import calendar_zone, session_dates, sessions_between
from newsvol.replays.tapes.schedules import STAMP_COLUMNS
from newsvol.signals.volatility.exogenous import Exogenous

Available = Literal["close", "open", "stamp"]

DATE_COLUMNS = ("date", "day", "observation_date")
"""Headings of a series of days; the first one present counts."""

SETTLE_NS: Final = 15 * NS_PER_MINUTE
"""What is computed at the close is known so much later: the VIX at 16:15."""

MISSING = ("", ".", "na", "nan", "null")
"""Cells without a value, in any case."""

_DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y")


def load_exogenous(file: Path, column: str, available: Available, calendar: str) -> Exogenous:
    """Read the series in `column` of `file`.

    A series of days has a column of dates: ISO, or month/day/year (or day/month: a day above twelve must show
    which). A value is then known 15 minutes after the close of that day, or at its open; on a day without a
    session at the next open. A series of stamps has them in ISO, with their offset from UTC.

    Parameters
    ----------
    available : {"close", "open", "stamp"}
    calendar : str
        The exchange whose sessions days are of.

    Raises
    ------
    InputError
        The file cannot be read, has no such column, or a cell is no number, date or stamp; with its line.
    UnknownNameError
        No calendar of that name.
    """
    heading, rows = _read(file)
    value_at = _find(heading, (column.strip().lower(),), f"column {column!r}", file)
    stamps_at = STAMP_COLUMNS if available == "stamp" else DATE_COLUMNS
    stamp_at = _find(
        heading, stamps_at, "column of stamps" if available == "stamp" else "column of days", file
    )
    kept = []
    for number, row in rows:
        cell = row[value_at].strip() if value_at < len(row) else ""
        if cell.lower() in MISSING:
            continue
        try:
            value = float(cell)
        except ValueError as error:
            raise InputError(f"{file} line {number}: {cell!r} under {column} is no number") from error
        if not np.isfinite(value):
            raise InputError(f"{file} line {number}: {cell!r} under {column} is not finite")
        kept.append((number, row[stamp_at].strip() if stamp_at < len(row) else "", value))
    if not kept:
        raise InputError(f"{file} has no value under {column}")
    texts = [(number, text) for number, text, _ in kept]
    if available == "stamp":
        known_ns = np.array([_stamp_ns(text, number, file) for number, text in texts], dtype=np.int64)
    else:
        known_ns = _known_of_days(_read_days(texts, file), available, calendar)
    order = np.argsort(known_ns, kind="stable")
    twice = np.flatnonzero(np.diff(known_ns[order]) == 0)
    if len(twice) and available == "stamp":
        raise InputError(f"{file} line {kept[order[twice[0] + 1]][0]}: a second value of the same time")
    # of several days that become known at one open, the latest is what is known then
    last = np.append(np.diff(known_ns[order]) > 0, True)
    chosen = order[last]
    return Exogenous(known_ns[chosen], np.array([kept[row][2] for row in chosen]))


def _read(file: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
        heading, *cells = list(csv.reader(text.splitlines())) or [[]]
    except OSError as error:
        raise InputError(f"cannot read the series in {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read the series in {file}: not UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{file} is not a CSV file: {error}") from error
    rows = [(number, row) for number, row in enumerate(cells, start=2) if any(cell.strip() for cell in row)]
    return [name.strip().lower() for name in heading], rows


def _find(heading: list[str], known: tuple[str, ...], what: str, file: Path) -> int:
    found = next((name for name in known if name in heading), None)
    if found is None:
        hint = nearest(known[0], heading) if len(known) == 1 else f": one of {', '.join(known)}"
        raise InputError(f"{file} has no {what}{hint}; it has {', '.join(heading)}")
    return heading.index(found)


def _stamp_ns(text: str, number: int, file: Path) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{file} line {number}: {text!r} is no date and time in ISO") from error
    if moment.tzinfo is None:
        raise InputError(
            f"{file} line {number}: {text!r} does not say of which time zone it is; write its offset, as in "
            "2024-03-20T18:00:00+00:00, or use available: close for a series of days"
        )
    return round(moment.timestamp()) * NS_PER_SECOND


def _read_days(texts: list[tuple[int, str]], file: Path) -> list[date]:
    """Read every date in the one format that fits them all."""
    found = []
    for form in _DATE_FORMATS:
        try:
            found.append([datetime.strptime(text, form).replace(tzinfo=UTC).date() for _, text in texts])
        except ValueError:
            continue
    if not found:
        number, text = next((row for row in texts if not _fits(row[1])), texts[0])
        raise InputError(f"{file} line {number}: {text!r} is no date that fits; write 2024-03-20")
    if any(days != found[0] for days in found):
        raise InputError(
            f"{file}: {texts[0][1]!r} may be month/day or day/month, and no day above 12 tells; "
            "write 2024-03-20"
        )
    days = found[0]
    if len(set(days)) < len(days):
        seen: set[date] = set()
        row = next(row for row, day in enumerate(days) if day in seen or seen.add(day))  # type: ignore[func-returns-value]
        raise InputError(f"{file} line {texts[row][0]}: a second value of {days[row]}")
    return days


def _fits(text: str) -> bool:
    for form in _DATE_FORMATS:
        try:
            datetime.strptime(text, form)  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return True
    return False


def _known_of_days(days: list[date], available: Available, calendar: str) -> IntArray:
    """Return when the value of each day is known, shape (X,)."""
    day = np.array(days, dtype="datetime64[D]").astype(np.int64)
    begins_ns, ends_ns = int(day.min()) * NS_PER_DAY, (int(day.max()) + 15) * NS_PER_DAY
    sessions = sessions_between(calendar, begins_ns, ends_ns)
    dates = session_dates(sessions, calendar_zone(calendar))
    if len(dates) == 0:
        raise InputError(f"calendar {calendar} has no session after {days[-1]}")
    row = np.searchsorted(dates, day, side="left")
    inside = np.minimum(row, len(dates) - 1)
    own = (row < len(dates)) & (dates[inside] == day)
    # beyond the calendar nothing is traded any more: what comes there is never known
    opens_ns = np.where(row < len(dates), sessions.open_ns[inside], ends_ns)
    if available == "open":
        return opens_ns
    return np.where(own, sessions.close_ns[inside] + SETTLE_NS, opens_ns)
