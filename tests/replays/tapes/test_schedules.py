"""Schedules from files: both CSV conventions, iCalendar, and what is refused."""

import csv
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from calendar_file import TWO_EVENTS

from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.replays.tapes.schedules import load_schedule, us_events
from newsvol.signals.volatility.schedule import ALWAYS_NS, NEVER_NS

FOMC_NS = np.datetime64("2024-03-20T18:00:00", "ns").astype(np.int64)


def write(tmp_path: Path, text: str, name: str = "events.csv") -> Path:
    file = tmp_path / name
    file.write_text(dedent(text).lstrip())
    return file


def test_names_and_utc_stamps_are_read_and_outcomes_are_not(tmp_path: Path) -> None:
    text = """
        event,date,ts_utc,actual,move_bp
        FOMC,2024-03-20,2024-03-20T18:00:00+00:00,5.5,18
        CPI,2024-03-12,2024-03-12T08:30:00-04:00,3.2,25
        """
    schedule = load_schedule(write(tmp_path, text))
    assert schedule.name.tolist() == ["CPI", "FOMC"]
    assert schedule.event_ns[1] == FOMC_NS
    assert schedule.event_ns[0] == np.datetime64("2024-03-12T12:30:00", "ns").astype(np.int64)
    changed = load_schedule(write(tmp_path, text.replace(",5.5,18", ",0,0"), "other.csv"))
    assert np.array_equal(changed.event_ns, schedule.event_ns)


def test_month_day_year_is_proven_by_a_day_above_twelve(tmp_path: Path) -> None:
    rows = "Id,Start,Name,Impact\n1,03/20/2024 18:00:00,FOMC,HIGH\n2,04/05/2024 12:30:00,NFP,HIGH\n"
    schedule = load_schedule(write(tmp_path, rows))
    assert schedule.event_ns[0] == FOMC_NS
    assert schedule.event_ns[1] == np.datetime64("2024-04-05T12:30:00", "ns").astype(np.int64)
    swapped = rows.replace("03/20", "20/03").replace("04/05", "05/04")
    assert np.array_equal(load_schedule(write(tmp_path, swapped)).event_ns, schedule.event_ns)


def test_calendar_files_are_read(tmp_path: Path) -> None:
    schedule = load_schedule(write(tmp_path, TWO_EVENTS, "fed.ics"))
    assert schedule.name.tolist() == ["CPI, core", "FOMC"]
    assert schedule.event_ns[1] == FOMC_NS


def test_announcements_and_cancellations_are_read_where_a_file_has_them(tmp_path: Path) -> None:
    text = """
        event,ts_utc,known_from,known_until
        NFP,2025-11-07T13:30:00+00:00,,2025-11-19T20:00:00-05:00
        NFP,2025-11-20T13:30:00+00:00,2025-11-15T05:00:00Z,
        """
    schedule = load_schedule(write(tmp_path, text))
    assert schedule.since_ns.tolist() == [ALWAYS_NS, ns("2025-11-15T05:00:00")]
    assert schedule.until_ns.tolist() == [ns("2025-11-20T01:00:00"), NEVER_NS]


def ns(text: str) -> int:
    return int(np.datetime64(text, "ns").astype(np.int64))


def planned(name: str, first: str, last: str, on: str) -> list[str]:
    """Return the days from `first` to `last` that the shipped plan had when New York woke up on day `on`."""
    schedule = load_schedule(us_events(), (name,))
    stood = schedule.event_ns[schedule.planned(ns(f"{on}T12:00:00"))]
    days = [str(stamp.astype("datetime64[D]")) for stamp in stood.astype("datetime64[ns]")]
    return [day for day in days if first <= day <= last]


def test_the_shipped_schedule_moves_a_release_when_that_was_announced() -> None:
    spring = ("FOMC", "2020-03-01", "2020-04-30")
    assert planned(*spring, on="2020-03-13") == ["2020-03-18", "2020-04-29"]
    assert planned(*spring, on="2020-03-16") == ["2020-04-29"]
    shutdown = ("NFP", "2013-10-01", "2013-11-30")
    assert planned(*shutdown, on="2013-10-17") == ["2013-10-04", "2013-11-01"]
    assert planned(*shutdown, on="2013-10-18") == ["2013-10-22", "2013-11-08"]
    longer = ("CPI", "2025-10-01", "2025-12-31")
    assert planned(*longer, on="2025-10-10") == ["2025-10-15", "2025-11-13", "2025-12-10"]
    assert planned(*longer, on="2025-11-21") == ["2025-10-24", "2025-11-13", "2025-12-10"]
    assert planned(*longer, on="2025-11-22") == ["2025-10-24", "2025-12-18"]


def test_the_shipped_schedule_holds_every_plan_that_is_known(data_dir: Path) -> None:
    shipped = load_schedule(us_events())
    have = set(zip(shipped.name.tolist(), shipped.event_ns.tolist(), strict=True))
    unknown = {  # nobody knows when the move was announced
        ("CPI", "1995-12-14"), ("NFP", "1996-01-19"), ("CPI", "1996-02-01"), ("CPI", "1996-02-28"),
        ("NFP", "1998-11-05"),
    }  # fmt: skip
    rows = csv.DictReader((data_dir / "macro/us_macro_schedule.csv").read_text().splitlines())
    collected = {
        (row["event"], ns(row["ts_utc"].removesuffix("+00:00")))
        for row in rows
        if (row["event"], row["date"]) not in unknown
        and not (row["event"] == "FOMC" and row["date"].startswith("1994"))
    }
    assert collected <= have
    called_off = shipped.take(shipped.until_ns < NEVER_NS)
    assert have - collected == set(zip(called_off.name.tolist(), called_off.event_ns.tolist(), strict=True))
    assert len(called_off) == 23


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "event,ts_utc,known_from\nFOMC,2024-03-20T18:00,soon\n",
            "line 2: 'soon' under known_from is no date and time",
        ),
        (
            "event,ts_utc,known_until\nFOMC,2024-03-20T18:00,2024-03-01\n",
            "line 2: '2024-03-01' under known_until",
        ),
        ("", "no column of names"),
        ("event,when\nFOMC,2024-03-20\n", "no column of stamps"),
        ("event,ts_utc\nFOMC,2024-03-20\n", "line 2: '2024-03-20' is no date and time"),
        ("event,ts_utc\nFOMC,soon\n", "line 2: 'soon'"),
        ("event,ts_utc\n,2024-03-20T18:00\n", "line 2: no name"),
        ("event,ts_utc\nFOMC\n", "line 2: no name or no stamp"),
        ("event,start\nNFP,04/05/2024 12:30:00\n", "may be month/day or day/month"),
        ("event,ts_utc\n", "holds no event"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_schedule(write(tmp_path, text))


def test_a_missing_file_and_another_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the events in .*No such file"):
        load_schedule(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"event,ts_utc\n\xe9,2024\n")
    with pytest.raises(InputError, match="not UTF-8"):
        load_schedule(tmp_path / "latin.csv")


def test_an_unknown_event_is_refused_with_the_nearest(tmp_path: Path) -> None:
    file = write(tmp_path, "event,ts_utc\nFOMC,2024-03-20T18:00\nCPI,2024-03-12T12:30\n")
    with pytest.raises(UnknownNameError, match=r"unknown event 'FMOC'; did you mean 'FOMC'"):
        load_schedule(file, ["FMOC"])
    assert load_schedule(file, ["CPI"]).names == ("CPI",)


def test_a_whole_calendar_of_events_must_be_chosen_from(tmp_path: Path) -> None:
    rows = "".join(f"E{i},2024-03-20T18:00\n" for i in range(20))
    file = write(tmp_path, "event,ts_utc\n" + rows)
    with pytest.raises(InputError, match=r"20 kinds of event; choose some with volatility.event_names"):
        load_schedule(file)
    assert len(load_schedule(file, ["E3", "E4"])) == 2


@pytest.mark.real
def test_real_schedules_are_read(data_dir: Path) -> None:
    recent = load_schedule(data_dir / "macro/us_macro_releases_2024-03_2025-04.csv")
    assert recent.names == ("CPI", "FOMC", "NFP")
    assert len(recent) == 37
    shipped = load_schedule(us_events())
    inside = (shipped.event_ns >= recent.event_ns[0]) & (shipped.event_ns <= recent.event_ns[-1])
    assert shipped.name[inside].tolist() == recent.name.tolist()
    np.testing.assert_array_equal(shipped.event_ns[inside], recent.event_ns)
    older = load_schedule(
        data_dir / "macro/usd_high_impact_calendar_2014_2022.csv", ["Fed Interest Rate Decision"]
    )
    assert len(older) == 73
