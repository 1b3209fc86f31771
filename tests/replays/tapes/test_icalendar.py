"""What a schedule needs of iCalendar: names and starts, or a refusal that says where."""

from textwrap import dedent

import numpy as np
import pytest
from calendar_file import TWO_EVENTS

from newsvol.engine.errors import InputError
from newsvol.replays.tapes.icalendar import read_ics

FOMC_NS = int(np.datetime64("2024-03-20T18:00:00", "ns").astype(np.int64))


def one(*lines: str) -> str:
    return "\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"])


def test_events_are_read_in_the_order_of_the_file_and_alarms_are_not() -> None:
    first, second = read_ics(dedent(TWO_EVENTS).lstrip(), "fed.ics")
    assert first == ("FOMC", FOMC_NS)
    assert second == ("CPI, core", int(np.datetime64("2024-03-12T12:30:00", "ns").astype(np.int64)))


def test_words_are_read_in_any_case_and_a_colon_in_quotes_cuts_nothing() -> None:
    text = one("summary:FOMC", 'dtstart;x-note="a:b";tzid=America/New_York:20240320T140000')
    assert read_ics(text, "x.ics") == [("FOMC", FOMC_NS)]


def test_lines_of_a_name_are_one_name() -> None:
    text = one("SUMMARY:Fed\\n  decides\\; again", "DTSTART:20240320T180000Z")
    assert read_ics(text, "x.ics") == [("Fed decides; again", FOMC_NS)]


def test_a_calendar_without_events_has_none() -> None:
    assert read_ics("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "x.ics") == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("DTSTART:20240320", "no time of day"),
        ("DTSTART;VALUE=DATE:20240320", "no time of day"),
        ("DTSTART:20240320T140000", "no time zone"),
        ("DTSTART;TZID=Mars/Base:20240320T140000", "unknown time zone 'Mars/Base'"),
        ("DTSTART:20240320T140000Z\nRRULE:FREQ=YEARLY", "recurs"),
        ("nonsense", "no line of iCalendar"),
        ("DTEND:20240320T140000Z", "no DTSTART"),
        ("DTSTART:", "no DTSTART"),
    ],
)
def test_an_event_that_cannot_be_placed_is_refused_where_it_stands(line: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as refusal:
        read_ics(one("SUMMARY:FOMC", line), "x.ics")
    assert "x.ics" in str(refusal.value)


def test_half_a_calendar_is_refused() -> None:
    with pytest.raises(InputError, match=r"x\.ics ends inside an event; is it whole\?"):
        read_ics("BEGIN:VEVENT\nSUMMARY:A\n", "x.ics")
