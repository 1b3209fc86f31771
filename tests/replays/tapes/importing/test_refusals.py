"""What cannot be proven is refused with the option to pass; what cannot be used is put aside."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vendor_bars import (
    NEW_YORK,
    SPRING,
    assert_same_bars,
    lean_zip,
    minute_bars,
    take,
    write_bars,
)

from newsvol.engine.errors import ConventionError, InputError, TapeError, UnknownNameError

# Overrides


@pytest.mark.parametrize(
    ("conventions", "said"),
    [
        ({"tz": "UTC"}, r"--tz UTC contradicts bars\.csv.*pass --tz America/New_York"),
        ({"stamp": "end"}, "drop --stamp"),
    ],
)
def test_an_override_against_the_data_is_refused(tmp_path, conventions, said):
    file = write_bars(minute_bars(*SPRING, extended=True), tmp_path / "bars.csv", zone=NEW_YORK)
    with pytest.raises(ConventionError, match=said):
        take(file, **conventions)


def test_an_override_that_agrees_is_taken(tmp_path):
    bars = minute_bars(*SPRING)
    file = write_bars(bars, tmp_path / "bars.csv", zone=NEW_YORK, end_stamped=True)
    assert_same_bars(take(file, tz=NEW_YORK, stamp="end"), bars)


def test_new_york_clocks_labelled_utc_are_refused(tmp_path):
    bars = minute_bars(*SPRING, extended=True)
    wall = bars.assign(stamp=bars["stamp"].dt.tz_localize("UTC").dt.tz_convert(NEW_YORK).dt.tz_localize(None))
    with pytest.raises(ConventionError, match="carry a zone that contradicts them"):
        take(write_bars(wall, tmp_path / "bars.csv", zone=None))


def test_an_unproven_edge_is_refused_and_can_be_said(tmp_path):
    middle = (
        minute_bars(*SPRING).assign(volume=100).groupby(lambda row: row // 390).apply(lambda day: day[60:300])
    )
    file = write_bars(middle, tmp_path / "bars.csv")
    with pytest.raises(ConventionError, match="--stamp start or --stamp end"):
        take(file, tz="UTC")
    assert take(file, tz="UTC", stamp="start").tape.bars.open_ns[0] == middle["stamp"].iloc[0].value


def test_a_zone_that_changes_with_the_clock_is_refused(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-20")
    winter = write_bars(bars[: 3 * 390], tmp_path / "winter.csv", zone="UTC").read_text()
    summer = write_bars(bars[3 * 390 :], tmp_path / "summer.csv", zone=NEW_YORK).read_text()
    (tmp_path / "both.csv").write_text(winter + summer.split("\n", 1)[1])
    with pytest.raises(ConventionError, match="America/New_York over the whole file, but UTC on one side"):
        take(tmp_path / "both.csv")


def test_an_unproven_zone_is_refused(tmp_path):
    hours = pd.date_range("2024-03-04", "2024-03-08", freq="min", inclusive="left")
    flat = pd.DataFrame({"stamp": hours, "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 5})
    with pytest.raises(ConventionError, match=r"zone of its stamps is not proven.*pass --tz ZONE"):
        take(write_bars(flat, tmp_path / "bars.csv"))


def test_unknown_columns_are_refused_and_can_be_mapped(tmp_path):
    bars = minute_bars(*SPRING)
    file = write_bars(
        bars.rename(columns={"close": "slot"}), tmp_path / "bars.csv", columns=("open", "high", "low", "slot")
    )
    with pytest.raises(ConventionError, match="none is known to be the close; pass --map close=COLUMN"):
        take(file)
    assert_same_bars(take(file, columns={"close": "Slot"}), bars)
    with pytest.raises(ConventionError, match="no file has a column 'slott'; did you mean 'slot'"):
        take(file, columns={"close": "slott"})
    with pytest.raises(ConventionError, match="no role 'klose'; did you mean 'close'"):
        take(file, columns={"klose": "slot"})


def test_a_file_without_header_is_mapped_by_position(tmp_path):
    bars = minute_bars(*SPRING)
    text = write_bars(bars, tmp_path / "bars.csv").read_text().split("\n", 1)[1]
    (tmp_path / "bare.csv").write_text(text)
    with pytest.raises(ConventionError, match="has no header row"):
        take(tmp_path / "bare.csv")
    roles = dict(zip(("stamp", "open", "high", "low", "close", "volume"), "123456", strict=True))
    assert_same_bars(take(tmp_path / "bare.csv", columns=roles), bars)


def test_closes_alone_are_refused_unless_asked_for(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08")
    file = write_bars(bars, tmp_path / "bars.csv", columns=("close", "volume"))
    with pytest.raises(ConventionError, match="--close-only"):
        take(file)
    built = take(file, close_only=True).tape.bars
    close = bars["close"].to_numpy()
    first_of_session = np.arange(len(close)) % 390 == 0
    np.testing.assert_array_equal(built.open, np.where(first_of_session, close, np.roll(close, 1)))
    np.testing.assert_array_equal(built.high, np.maximum(built.open, close))
    np.testing.assert_array_equal(built.low, np.minimum(built.open, close))


# Bad rows

GOOD = "2024-03-06 15:00:00,100,101,99,100,500"
BAD_ROWS = {
    "price missing or not positive": "2024-03-06 15:00:00,100,101,99,,500",
    "high-low range does not hold open and close": "2024-03-06 15:00:00,100,99.5,99,99.2,500",
    "negative volume": "2024-03-06 15:00:00,100,101,99,100,-5",
    "unreadable volume": "2024-03-06 15:00:00,100,101,99,100,lots",
    "unreadable stamp": "yesterday,100,101,99,100,500",
    "outside session": "2024-03-09 15:00:00,100,101,99,100,500",
    "off the minute grid": "2024-03-06 15:00:17,100,101,99,100,500",
    "undecodable bytes": "2024-03-06 15:00:00,100,101,99,100,\udcff",
    "wrong number of fields": "2024-03-06 15:00:00,100,101",
    "empty row": "",
}


def with_row(tmp_path: Path, at: int, row: str) -> Path:
    lines = (
        write_bars(minute_bars("2024-03-06", "2024-03-11"), tmp_path / "bars.csv").read_text().splitlines()
    )
    lines[at] = row
    (tmp_path / "dirty.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    return tmp_path / "dirty.csv"


@pytest.mark.parametrize(("reason", "row"), BAD_ROWS.items(), ids=BAD_ROWS)
def test_a_bad_row_is_put_aside_with_its_number_and_reason(tmp_path, reason, row):
    result = take(with_row(tmp_path, 31, row))
    report = result.reports[0]
    assert report.quarantined == {reason: 1}
    assert (report.read, report.kept) == (4 * 390, 4 * 390 - 1)
    held = result.quarantine.iloc[0]
    assert (held["file"], held["row"]) == ("dirty.csv", 32)
    assert held["reason"] in {reason, "3 fields instead of 6"}
    assert result.tape.info.counts["missing_minutes"] == 1


def test_repeated_and_backward_stamps_are_put_aside(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-11")
    rows = np.arange(len(bars))
    # Row 100 is said twice; row 5 comes late; the last minute comes far too early.
    order = np.concatenate(
        [rows[:5], rows[6:50], [len(bars) - 1], rows[50:101], [100], rows[101:200], [5], rows[200:-1]]
    )
    result = take(write_bars(bars.iloc[order], tmp_path / "bars.csv"))
    assert result.reports[0].quarantined == {"backward stamp": 2, "duplicate stamp": 1}
    assert_same_bars(result, bars.drop(index=[5, len(bars) - 1]))


def test_a_shuffled_file_is_refused(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-11").sample(frac=1, random_state=3)
    with pytest.raises(TapeError, match="run backward; sort the file"):
        take(write_bars(bars, tmp_path / "bars.csv"))


def test_rows_of_another_instrument_are_put_aside(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08").assign(symbol="SPY")
    bars.loc[bars.index[10:20], "symbol"] = "QQQ"
    file = write_bars(
        bars, tmp_path / "bars.csv", columns=("symbol", "open", "high", "low", "close", "volume")
    )
    with pytest.raises(TapeError, match="holds 2 instruments"):
        take(file)
    assert take(file, instrument="spy").reports[0].quarantined == {"another instrument": 10}
    with pytest.raises(TapeError, match="not IWM"):
        take(file, instrument="IWM")


# Files that cannot be used


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


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"datetime,open,high,low,close\n", "has a header and no rows"),
        (b"\x00\x01\x02\x03", "neither CSV, Parquet nor a LEAN zip"),
        (b"PAR1garbage", "not readable Parquet"),
        (b"PK\x03\x04garbage", "damaged zip"),
        (b"\x1f\x8bgarbage", "damaged gzip"),
        (b"datetime,close\nnever,1\nsometimes,2\n", "is no stamp that is known"),
        (b"hello\nworld\n", "has no header row"),
        (b'datetime,close\n"2024-03-06 15:00' + b"\n1,2" * 300, "unclosed quote"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(tmp_path, content, said):
    file = tmp_path / "bars.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=said) as refused:
        take(file, close_only=True)
    assert "\n" not in str(refused.value)


def test_a_folder_a_repeated_file_and_no_file_are_refused(tmp_path):
    file = write_bars(minute_bars("2024-03-06", "2024-03-08"), tmp_path / "bars.csv")
    for files, said in (((tmp_path,), "is a folder"), ((file, file), "given twice"), ((), "no bars")):
        with pytest.raises(InputError, match=said):
            take(*files)


def test_bars_that_no_session_holds_are_refused(tmp_path):
    nights = minute_bars("2024-03-06", "2024-03-12").assign(
        stamp=lambda bars: bars["stamp"] + pd.Timedelta(hours=9)
    )
    with pytest.raises(TapeError):
        take(write_bars(nights, tmp_path / "bars.csv", zone=None), stamp="start")


def test_unknown_calendars_and_zones_are_refused(tmp_path):
    file = write_bars(minute_bars("2024-03-06", "2024-03-08"), tmp_path / "bars.csv")
    with pytest.raises(UnknownNameError, match="unknown calendar 'XNYZ'"):
        take(file, calendar="XNYZ")
    with pytest.raises(ConventionError, match="--tz New York: no such zone"):
        take(file, tz="New York")


# Whatever the dirt, nothing is lost

dirt = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=1170),
        st.sampled_from([*BAD_ROWS.values(), "a,b", GOOD, ",,,,,", '"']),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dirt=dirt)
def test_read_is_kept_plus_quarantined_for_any_dirt(tmp_path, dirt):
    lines = (
        write_bars(minute_bars("2024-03-06", "2024-03-08"), tmp_path / "bars.csv").read_text().splitlines()
    )
    for at, row in dirt:
        lines[at] = row.replace('"', "'")
    file = tmp_path / "dirty.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    result = take(file)
    report = result.reports[0]
    assert report.read == 1170
    assert report.read == report.kept + sum(report.quarantined.values())
    assert report.kept == len(result.tape.bars)
    assert len(result.quarantine) == report.read - report.kept
    assert result.quarantine["row"].is_unique
