"""Zones are proven from the data, or asked for."""

import numpy as np
import pandas as pd
import pytest
from vendor_bars import (
    AUTUMN,
    NEW_YORK,
    SPRING,
    assert_same_bars,
    minute_bars,
    regular,
    take,
    write_bars,
)

from newsvol.engine.errors import ConventionError


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
