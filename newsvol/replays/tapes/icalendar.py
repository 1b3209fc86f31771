"""A strict reader of what a schedule needs of iCalendar (RFC 5545): when each event starts, and its name."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsvol.engine.arrays import NS_PER_SECOND
from newsvol.engine.errors import InputError

_ESCAPED = re.compile(r"\\(.)")


def read_ics(text: str, where: str) -> list[tuple[str, int]]:
    """Return (name, UTC nanoseconds) of every VEVENT.

    Raises
    ------
    InputError
        An event has no name, no start, or a start without a time of day or time zone; or it recurs (only
        the calendar program knows all its exceptions: export the single events).
    """
    events = []
    event: dict[str, tuple[dict[str, str], str]] | None = None
    depth = 0
    for number, line in _unfold(text):
        name, parameters, value = _split(line, number, where)
        if name == "BEGIN" and event is not None:
            depth += 1
        elif name == "END" and depth > 0:
            depth -= 1
        elif name == "BEGIN" and value.upper() == "VEVENT":
            event, depth = {}, 0
        elif name == "END" and value.upper() == "VEVENT" and event is not None:
            events.append(_event(event, number, where))
            event = None
        elif event is not None and depth == 0:
            # an alarm inside an event (depth 1) has a start and a summary of its own
            event[name] = (parameters, value)
    if event is not None:
        raise InputError(f"{where} ends inside an event; is it whole?")
    return events


def _unfold(text: str) -> list[tuple[int, str]]:
    """Join continued lines: they begin with a space or a tab."""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line[:1] in (" ", "\t") and lines:
            lines[-1] = (lines[-1][0], lines[-1][1] + line[1:])
        elif line.strip():
            lines.append((number, line))
    return lines


def _split(line: str, number: int, where: str) -> tuple[str, dict[str, str], str]:
    head, colon, value = _cut_at_colon(line)
    if not colon:
        raise InputError(f"{where} line {number}: {line[:40]!r} is no line of iCalendar")
    name, *parameters = head.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return name.upper(), {key.upper(): given.strip('"') for key, _, given in pairs}, value.strip()


def _cut_at_colon(line: str) -> tuple[str, str, str]:
    """Split at the first colon that is not inside a quoted parameter."""
    quoted = False
    for at, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter == ":" and not quoted:
            return line[:at], ":", line[at + 1 :]
    return line, "", ""


def _event(event: dict[str, tuple[dict[str, str], str]], number: int, where: str) -> tuple[str, int]:
    place = f"{where}, the event that ends on line {number}"
    for needed in ("SUMMARY", "DTSTART"):
        if needed not in event or not event[needed][1]:
            raise InputError(f"{place}: no {needed}")
    if "RRULE" in event or "RDATE" in event:
        raise InputError(f"{place}: it recurs; export its single events")
    parameters, value = event["DTSTART"]
    name = _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], event["SUMMARY"][1])
    return " ".join(name.split()), _start_ns(parameters, value, place)


def _start_ns(parameters: dict[str, str], value: str, place: str) -> int:
    try:
        # the zone stands beside the value and is put on below
        moment = datetime.strptime(value.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
    except ValueError:
        raise InputError(f"{place}: DTSTART {value!r} has no time of day") from None
    if value.endswith("Z"):
        zone = UTC
    elif "TZID" in parameters:
        try:
            zone = ZoneInfo(parameters["TZID"])  # type: ignore[assignment]
        except (ZoneInfoNotFoundError, ValueError):
            raise InputError(f"{place}: unknown time zone {parameters['TZID']!r}") from None
    else:
        raise InputError(f"{place}: DTSTART {value!r} has no time zone")
    return round(moment.replace(tzinfo=zone).timestamp()) * NS_PER_SECOND
