"""Bars of every convention come out as the same bars, or are refused with the option to pass."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsvol.engine.arrays import NS_PER_HOUR, NS_PER_MINUTE
from newsvol.engine.errors import ConventionError, InputError, TapeError, UnknownNameError
from newsvol.replays.importing import ImportRequest, ImportResult, import_tape
from tests.replays.vendor_bars import minute_bars, write_bars

NEW_YORK = "America/New_York"
SPRING = ("2024-03-06", "2024-03-13")
AUTUMN = ("2024-10-30", "2024-11-06")


def take(*files: Path, **conventions: object) -> ImportResult:
    return import_tape(ImportRequest(bars=files, **conventions))


def regular(bars: pd.DataFrame) -> pd.DataFrame:
    clock = bars["stamp"].dt.tz_localize("UTC").dt.tz_convert(NEW_YORK)
    minute = clock.dt.hour * 60 + clock.dt.minute
    return bars[(minute >= 570) & (minute < 960)]


def assert_same_bars(result: ImportResult, bars: pd.DataFrame) -> None:
    kept = result.tape.bars
    np.testing.assert_array_equal(
        kept.open_ns, bars["stamp"].to_numpy().astype("datetime64[ns]").astype(np.int64)
    )
    np.testing.assert_array_equal(kept.close_ns, kept.open_ns + NS_PER_MINUTE)
    np.testing.assert_array_equal(kept.close, bars["close"].to_numpy())


@pytest.mark.parametrize("end_stamped", [False, True], ids=["start", "end"])
@pytest.mark.parametrize("extended", [False, True], ids=["regular", "extended"])
@pytest.mark.parametrize("zone", [NEW_YORK, "UTC", "America/Chicago", "Asia/Tokyo"])
def test_zone_and_edge_of_naive_stamps_are_proven(tmp_path, end_stamped, extended, zone):
    bars = minute_bars(*SPRING, extended=extended)
    file = write_bars(bars, tmp_path / "bars.csv", zone=zone, end_stamped=end_stamped)
    result = take(file)
    assert result.reports[0].zone == zone
    assert result.reports[0].stamp == ("end" if end_stamped else "start")
    assert_same_bars(result, regular(bars))


@pytest.mark.parametrize("zone", [NEW_YORK, "UTC"])
def test_the_autumn_clock_change_moves_no_bar(tmp_path, zone):
    bars = minute_bars(*AUTUMN, extended=True)
    assert_same_bars(take(write_bars(bars, tmp_path / "bars.csv", zone=zone)), regular(bars))


def test_london_is_told_from_utc_across_its_own_clock_change(tmp_path):
    bars = minute_bars("2024-03-26", "2024-04-03")
    result = take(write_bars(bars, tmp_path / "bars.csv", zone="Europe/London"))
    assert result.reports[0].zone == "Europe/London"
    assert_same_bars(result, bars)


@pytest.mark.parametrize(
    "columns", [("open", "high", "low", "close"), ("open", "high", "low", "close", "trades")]
)
def test_the_zone_is_proven_from_trades_or_returns_where_there_is_no_volume(tmp_path, columns):
    bars = minute_bars(*SPRING).assign(trades=lambda frame: frame["volume"] // 10)
    result = take(write_bars(bars, tmp_path / "bars.csv", zone=NEW_YORK, columns=columns))
    assert result.reports[0].zone == NEW_YORK
    assert np.isnan(result.tape.bars.volume).all()
    assert result.tape.info.counts["bars_without_volume"] == len(bars)


@pytest.mark.parametrize(
    "written",
    [
        "%m/%d/%Y %H:%M",
        "%d/%m/%Y %H:%M:%S",
        "%m/%d/%y %I:%M %p",
        "%Y%m%d %H:%M",
        "%d.%m.%Y %H:%M",
        "%d-%b-%Y %H:%M",
    ],
)
def test_dates_are_read_in_the_order_that_runs_through_time(tmp_path, written):
    bars = minute_bars(*SPRING)
    assert_same_bars(take(write_bars(bars, tmp_path / "bars.csv", zone=NEW_YORK, written=written)), bars)


def test_days_and_months_that_cannot_be_told_apart_are_refused(tmp_path):
    bars = minute_bars("2024-05-06", "2024-05-06")
    file = write_bars(bars, tmp_path / "bars.csv", zone=NEW_YORK, written="%m/%d/%Y %H:%M")
    with pytest.raises(ConventionError, match="YYYY-MM-DD"):
        take(file)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_epoch_stamps_are_instants(tmp_path, unit):
    bars = minute_bars("2024-03-06", "2024-03-08")
    out = bars.assign(t=bars["stamp"].to_numpy().astype(f"datetime64[{unit}]").astype(np.int64)).drop(
        columns="stamp"
    )
    out.to_csv(tmp_path / "epochs.csv", index=False)
    assert_same_bars(take(tmp_path / "epochs.csv"), bars)
    out.astype({"t": object}).replace({"t": {out["t"].iloc[40]: "none"}}).to_csv(
        tmp_path / "hole.csv", index=False
    )
    assert_same_bars(take(tmp_path / "hole.csv"), bars.drop(index=40))


def test_date_and_time_in_two_columns_are_one_stamp(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08")
    local = bars["stamp"].dt.tz_localize("UTC").dt.tz_convert(NEW_YORK)
    out = bars.drop(columns="stamp").assign(
        Date=local.dt.strftime("%Y-%m-%d"), Time=local.dt.strftime("%H:%M")
    )
    out.to_csv(tmp_path / "two.csv", index=False)
    assert_same_bars(take(tmp_path / "two.csv"), bars)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_line_endings_and_delimiters_do_not_matter(tmp_path, ending, delimiter):
    bars = minute_bars("2024-03-06", "2024-03-08")
    text = write_bars(bars, tmp_path / "bars.csv").read_text()
    (tmp_path / "other.csv").write_bytes(
        text.replace(",", delimiter).replace("\n", ending).encode("utf-8-sig")
    )
    assert_same_bars(take(tmp_path / "other.csv"), bars)


def test_gzip_parquet_and_an_index_of_stamps_are_read(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08")
    csv = write_bars(bars, tmp_path / "bars.csv", zone=None)
    (tmp_path / "bars.csv.gz").write_bytes(gzip.compress(csv.read_bytes()))
    indexed = bars.assign(stamp=bars["stamp"].dt.tz_localize("UTC").dt.tz_convert(NEW_YORK)).set_index(
        "stamp"
    )
    indexed.to_parquet(tmp_path / "bars.parquet")
    assert_same_bars(take(tmp_path / "bars.csv.gz"), bars)
    assert_same_bars(take(tmp_path / "bars.parquet"), bars)


def test_numbers_as_a_spreadsheet_writes_them_are_numbers(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08")
    dressed = bars.assign(
        volume=bars["volume"].map("{:,}".format),
        close=("$" + bars["close"].astype(str)).where(bars.index < 500, bars["close"]),
    )
    result = take(write_bars(dressed, tmp_path / "bars.csv"))
    assert_same_bars(result, bars)
    np.testing.assert_array_equal(result.tape.bars.volume, bars["volume"])


def test_a_newest_first_file_is_turned_round(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08")
    result = take(write_bars(bars[::-1], tmp_path / "bars.csv"))
    assert_same_bars(result, bars)
    assert any("newest first" in line for line in result.reports[0].evidence)


def test_a_half_day_ends_early(tmp_path):
    bars = minute_bars("2024-11-26", "2024-12-02", extended=True)
    result = take(write_bars(bars, tmp_path / "bars.csv"))
    counts = result.tape.info.counts
    assert (counts["sessions"], counts["half_days"]) == (4, 1)
    assert counts["bars_present"] == counts["bars_expected"] == 3 * 390 + 210
    assert counts["missing_minutes"] == 0


def test_bars_without_volume_are_kept_and_counted(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08").assign(volume=lambda frame: frame["volume"].astype(float))
    bars.loc[bars.index[-100:], "volume"] = np.nan
    result = take(write_bars(bars, tmp_path / "bars.csv"))
    assert result.reports[0].kept == len(bars)
    assert np.isnan(result.tape.bars.volume[-100:]).all()
    assert result.tape.info.counts["bars_without_volume"] == 100


def lean_zip(file: Path, rows: list[str]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("spy.csv", "\n".join(rows) + "\n")
    return file


def test_lean_hours_are_cut_to_the_session(tmp_path):
    hours = [
        f"202407{day:02} {hour:02}:00,5430000,5440100,5420000,5435000,1000"
        for day in (2, 3)
        for hour in range(9, 16)
    ]
    result = take(lean_zip(tmp_path / "spy.zip", hours))
    bars = result.tape.bars
    assert result.tape.info.instrument == "SPY"
    assert result.tape.info.bar_ns == NS_PER_HOUR
    # 3 July 2024 closes at 13:00: three stamps of 2 July's seven have no bar that day.
    assert result.reports[0].quarantined == {"outside session": 3}
    assert len(bars) == 11
    assert bars.open_ns[0] == pd.Timestamp("2024-07-02 09:30", tz=NEW_YORK).value
    assert bars.close_ns[0] == pd.Timestamp("2024-07-02 10:00", tz=NEW_YORK).value
    assert bars.close_ns[-1] == pd.Timestamp("2024-07-03 13:00", tz=NEW_YORK).value
    assert bars.high[0] == 544.01


def test_lean_days_last_their_session(tmp_path):
    days = [f"202407{day:02} 00:00,5430000,5440000,5420000,5435000,1000" for day in (1, 2, 3, 4, 5)]
    result = take(lean_zip(tmp_path / "spy.zip", days))
    bars = result.tape.bars
    assert result.reports[0].quarantined == {"outside session": 1}
    assert bars.close_ns[2] == pd.Timestamp("2024-07-03 13:00", tz=NEW_YORK).value
    np.testing.assert_array_equal(bars.open_ns, result.tape.sessions.open_ns)


def test_a_lean_zip_of_another_instrument_is_refused(tmp_path):
    days = [f"202407{day:02} 00:00,5430000,5440000,5420000,5435000,1000" for day in (1, 2, 3)]
    with pytest.raises(TapeError, match="holds SPY, not AAPL; pass --instrument SPY"):
        take(lean_zip(tmp_path / "spy.zip", days), instrument="AAPL")


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
