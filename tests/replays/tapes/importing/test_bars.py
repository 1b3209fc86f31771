"""Bars of every convention come out as the same bars, or are refused with the option to pass."""

import gzip

import numpy as np
import pandas as pd
import pytest
from vendor_bars import (
    AUTUMN,
    NEW_YORK,
    SPRING,
    assert_same_bars,
    lean_zip,
    minute_bars,
    regular,
    take,
    write_bars,
)

from newsvol.engine.arrays import NS_PER_HOUR
from newsvol.engine.errors import ConventionError, TapeError


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
