"""Stamps of every spelling are the same instants."""

import numpy as np
import pytest
from vendor_bars import (
    NEW_YORK,
    SPRING,
    assert_same_bars,
    minute_bars,
    take,
    write_bars,
)

from newsvol.engine.errors import ConventionError


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
