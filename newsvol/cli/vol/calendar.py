"""Scheduled events as tables for the terminal, and as JSON."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from rich.console import Console
from rich.markup import escape

from newsvol.cli.console import new_table, print_lines, print_table
from newsvol.engine.arrays import NS_PER_SECOND, IntArray
from newsvol.replays.report.wording import NOTHING, day
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.schedule import ALWAYS_NS, NEVER_NS, Schedule

NEW_YORK = ZoneInfo("America/New_York")

Days = tuple[date | None, date | None]


def print_calendar(console: Console, schedule: Schedule, source: str, days: Days, tape: Tape | None) -> None:
    """Print a line a series, and a line an event where days are asked for.

    Parameters
    ----------
    days : tuple
        First and last day in New York; None is the schedule's own.
    tape : Tape, optional
        Its events are counted.
    """
    content = as_json_of(schedule, source, days, tape)
    table = new_table(console, ["event", "usual time in New York", "first", "last", "planned", "called off"])
    for name, series in content["series"].items():
        begins, ends = (NOTHING if stamp is None else day(stamp) for stamp in series["reach"])
        counts = [f"{series[key]:,}" for key in ("planned", "called_off")]
        table.add_row(escape(name), series["usual_time"] or NOTHING, begins, ends, *counts)
    print_table(console, f"Scheduled events: {source}", table)
    lines = []
    if any(series["unscheduled"] for series in content["series"].values()):
        counts = [f"{s['unscheduled']:,} {name}" for name, s in content["series"].items() if s["unscheduled"]]
        lines.append(f"Announced as they happened, so never used: {', '.join(counts)}")
    if tape is not None:
        counts = [f"{series['on_tape']:,} {name}" for name, series in content["series"].items()]
        lines.append(f"On the tape ({tape.info.instrument}): {', '.join(counts)}")
        lines += [
            f"{name} does not reach over the whole tape: there a forecast knows of none"
            for name in content["out_of_reach"]
        ]
    print_lines(console, lines)
    if "events" in content:
        listed = new_table(console, ["UTC", "New York", "event", "state"], texts=4)
        for event in content["events"]:
            listed.add_row(event["utc"], event["new_york"], escape(event["event"]), event["state"])
        print_table(console, f"{len(content['events']):,} of them, as asked", listed)


def as_json_of(schedule: Schedule, source: str, days: Days, tape: Tape | None) -> dict[str, Any]:
    """Return what `print_calendar` prints."""
    reach, stood = schedule.reach(), schedule.planned(schedule.event_ns)
    unscheduled = schedule.since_ns >= schedule.event_ns
    names = schedule.name.astype(str)
    on_tape = np.zeros(len(schedule), dtype=np.bool_)
    if tape is not None and len(tape.bars):
        inside = (schedule.event_ns >= tape.bars.open_ns[0]) & (schedule.event_ns < tape.bars.close_ns[-1])
        on_tape = inside & stood
    content: dict[str, Any] = {"source": source, "series": {}}
    for name in schedule.names:
        own = names == name
        content["series"][name] = {
            "planned": int(np.count_nonzero(own & stood)),
            "called_off": int(np.count_nonzero(own & ~stood & ~unscheduled)),
            "unscheduled": int(np.count_nonzero(own & unscheduled)),
            "reach": list(reach.get(name, (None, None))),
            "usual_time": _usual_time(schedule.event_ns[own & stood]),
        }
        if tape is not None:
            content["series"][name]["on_tape"] = int(np.count_nonzero(own & on_tape))
    if tape is not None and len(tape.bars):
        short = schedule.out_of_reach(int(tape.bars.open_ns[0]), int(tape.bars.close_ns[-1]))
        content["out_of_reach"] = list(short)
    if any(given is not None for given in days):
        content["events"] = _listed(schedule, days)
    return content


def _listed(schedule: Schedule, days: Days) -> list[dict[str, str]]:
    first, last = days[0] or date.min, days[1] or date.max
    stamps = zip(
        schedule.event_ns.tolist(), schedule.since_ns.tolist(), schedule.until_ns.tolist(), strict=True
    )
    listed = []
    for name, (event_ns, since_ns, until_ns) in zip(schedule.name, stamps, strict=True):
        moment = _moment(event_ns)
        local = moment.astimezone(NEW_YORK)
        if first <= local.date() <= last:
            listed.append(
                {
                    "utc": f"{moment:%Y-%m-%d %H:%M}",
                    "new_york": f"{local:%a %Y-%m-%d %H:%M}",
                    "event": str(name),
                    "state": _state(event_ns, since_ns, until_ns),
                }
            )
    return listed


def _state(event_ns: int, since_ns: int, until_ns: int) -> str:
    if since_ns >= event_ns:
        return "not scheduled: never used"
    known = "planned" if since_ns == ALWAYS_NS else f"planned from {_moment(since_ns):%Y-%m-%d %H:%M} on"
    if until_ns == NEVER_NS:
        return known
    return f"{known}, called off {_moment(until_ns):%Y-%m-%d %H:%M}"


def _usual_time(stamps_ns: IntArray) -> str | None:
    """Return the commonest time of day in New York."""
    if len(stamps_ns) == 0:
        return None
    times = [f"{_moment(int(stamp)).astimezone(NEW_YORK):%H:%M}" for stamp in stamps_ns]
    return max(sorted(set(times)), key=times.count)


def _moment(stamp_ns: int) -> datetime:
    return datetime.fromtimestamp(stamp_ns // NS_PER_SECOND, UTC)
