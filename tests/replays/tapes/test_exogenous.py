"""Outside series from files: when each value could be known, and what is refused."""

from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.engine.hashes import input_hash
from newsvol.replays.tapes.exogenous import load_exogenous


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "series.csv"
    file.write_text(dedent(text).lstrip())
    return file


def utc(*stamps: str) -> list[int]:
    return [int(np.datetime64(stamp, "ns").astype(np.int64)) for stamp in stamps]


DAYS = """
    Date,Open,Close
    11/27/2024,14.1,14.10
    11/28/2024,13.9,13.90
    11/29/2024,13.6,13.51
    12/02/2024,14.0,.
    12/03/2024,13.4,13.30
    """


def test_a_close_is_known_a_quarter_of_an_hour_after_it(tmp_path: Path) -> None:
    """The 28th is a holiday, the 29th ends at one in the afternoon, and the 2nd has no value."""
    series = load_exogenous(write(tmp_path, DAYS), "close", "close", "XNYS")
    assert series.available_ns.tolist() == utc(
        "2024-11-27T21:15", "2024-11-29T14:30", "2024-11-29T18:15", "2024-12-03T21:15"
    )
    assert series.value.tolist() == [14.1, 13.9, 13.51, 13.3]


def test_what_is_known_at_the_open(tmp_path: Path) -> None:
    """Of the holiday and the day after it, the later one is what is known as that day opens."""
    series = load_exogenous(write(tmp_path, DAYS), "OPEN", "open", "XNYS")
    assert series.available_ns.tolist() == utc(
        "2024-11-27T14:30", "2024-11-29T14:30", "2024-12-02T14:30", "2024-12-03T14:30"
    )
    assert series.value.tolist() == [14.1, 13.6, 14.0, 13.4]


def test_stamps_are_taken_as_they_are_in_any_order(tmp_path: Path) -> None:
    text = "ts,spread\n2024-03-20T14:00:00-04:00,1.5\n2024-03-19T18:00:00Z,-2\n"
    series = load_exogenous(write(tmp_path, text), "spread", "stamp", "XNYS")
    assert series.available_ns.tolist() == utc("2024-03-19T18:00", "2024-03-20T18:00")
    assert series.value.tolist() == [-2.0, 1.5]


def test_days_of_another_exchange(tmp_path: Path) -> None:
    series = load_exogenous(write(tmp_path, "date,x\n2024-11-28,1\n"), "x", "close", "XLON")
    assert series.available_ns.tolist() == utc("2024-11-28T16:45")


@pytest.mark.parametrize(
    ("text", "available", "words"),
    [
        ("date,y\n2024-01-02,1\n", "close", r"no column 'x'; it has date, y"),
        ("date,xx\n2024-01-02,1\n", "close", r"no column 'x'; did you mean 'xx'"),
        ("when,x\n2024-01-02,1\n", "close", "no column of days: one of date, day"),
        ("date,x\n2024-01-02,1\n", "stamp", "no column of stamps: one of ts_utc"),
        ("date,x\n2024-01-02,high\n", "close", "line 2: 'high' under x is no number"),
        ("date,x\n2024-01-02,inf\n", "close", "line 2: 'inf' under x is not finite"),
        ("date,x\n2024-01-02,\n", "close", "no value under x"),
        ("date,x\n2024-01-02T10:00,1\n", "close", "line 2: '2024-01-02T10:00' is no date"),
        ("date,x\n2024-01-02,1\nsoon,1\n", "close", "line 3: 'soon' is no date"),
        ("date,x\n01/02/2024,1\n", "close", "may be month/day or day/month"),
        (
            "date,x\n2024-01-02,1\n2024-01-03,1\n2024-01-02,2\n",
            "close",
            "line 4: a second value of",
        ),
        ("ts,x\n2024-01-02T10:00,1\n", "stamp", "line 2: '2024-01-02T10:00' does not say of which time zone"),
        (
            "ts,x\n2024-01-02T10:00Z,1\n2024-01-02T10:00Z,2\n",
            "stamp",
            "line 3: a second value of",
        ),
        ("ts,x\nnoon,1\n", "stamp", "line 2: 'noon' is no date and time in ISO"),
        ("", "close", "no column 'x'"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, text: str, available: str, words: str
) -> None:
    with pytest.raises(InputError, match=words) as error:
        load_exogenous(write(tmp_path, text), "x", available, "XNYS")  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_and_one_that_is_no_text(tmp_path: Path) -> None:
    for read in (
        lambda file: input_hash(file, "series"),
        lambda file: load_exogenous(file, "x", "close", "XNYS"),
    ):
        with pytest.raises(InputError, match=r"cannot read the series in .*gone\.csv"):
            read(tmp_path / "gone.csv")
    file = tmp_path / "latin.csv"
    file.write_bytes(b"date,x\n2024-01-02,\xe9\n")
    with pytest.raises(InputError, match="not UTF-8"):
        load_exogenous(file, "x", "close", "XNYS")
    with pytest.raises(UnknownNameError, match="XNYZ"):
        load_exogenous(write(tmp_path, DAYS), "close", "close", "XNYZ")


@pytest.mark.real
def test_the_vix_is_read(data_dir: Path) -> None:
    series = load_exogenous(data_dir / "exog/vix_daily_1990-2026.csv", "CLOSE", "close", "XNYS")
    assert len(series) > 9_000
    at = int(np.searchsorted(series.available_ns, utc("2024-08-05T20:15")[0]))
    assert series.available_ns[at] == utc("2024-08-05T20:15")[0]
    assert series.value[at] == pytest.approx(38.57)
