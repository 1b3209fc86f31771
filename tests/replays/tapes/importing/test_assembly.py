"""Files joined into one tape."""

import pytest
from vendor_bars import (
    NEW_YORK,
    assert_same_bars,
    lean_zip,
    minute_bars,
    take,
    write_bars,
)

from newsvol.engine.errors import ConventionError, InputError, TapeError, UnknownNameError


def test_two_files_of_the_same_minutes_are_refused(tmp_path):
    one = write_bars(minute_bars("2024-03-06", "2024-03-08"), tmp_path / "one.csv")
    two = write_bars(minute_bars("2024-03-08", "2024-03-12"), tmp_path / "two.csv")
    said = r"one\.csv and two\.csv overlap: 390 bars from 2024-03-08 14:30 UTC to 2024-03-08 20:59 UTC"
    with pytest.raises(TapeError, match=said):
        take(one, two)


def test_files_that_follow_each_other_are_joined_in_order(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-12")
    late = write_bars(bars[780:], tmp_path / "late.csv")
    early = write_bars(bars[:780], tmp_path / "early.csv", zone=NEW_YORK, end_stamped=True)
    assert_same_bars(take(late, early), bars)


def test_bars_of_two_lengths_are_refused(tmp_path):
    minutes = write_bars(minute_bars("2024-03-06", "2024-03-08"), tmp_path / "one.csv")
    days = [f"202407{day:02} 00:00,5430000,5440000,5420000,5435000,1000" for day in (1, 2, 3)]
    with pytest.raises(TapeError, match="different lengths"):
        take(minutes, lean_zip(tmp_path / "spy.zip", days))


def test_a_folder_a_repeated_file_and_no_file_are_refused(tmp_path):
    file = write_bars(minute_bars("2024-03-06", "2024-03-08"), tmp_path / "bars.csv")
    for files, said in (((tmp_path,), "is a folder"), ((file, file), "given twice"), ((), "no bars")):
        with pytest.raises(InputError, match=said):
            take(*files)


def test_unknown_calendars_and_zones_are_refused(tmp_path):
    file = write_bars(minute_bars("2024-03-06", "2024-03-08"), tmp_path / "bars.csv")
    with pytest.raises(UnknownNameError, match="unknown calendar 'XNYZ'"):
        take(file, calendar="XNYZ")
    with pytest.raises(ConventionError, match="--tz New York: no such zone"):
        take(file, tz="New York")
