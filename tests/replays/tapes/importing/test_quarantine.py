"""Nothing is lost: a row is kept, or put aside with its reason."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vendor_bars import (
    minute_bars,
    take,
    write_bars,
)

from newsvol.engine.errors import QuarantineError

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


def dirty_rows(tmp_path: Path, count: int) -> Path:
    lines = write_bars(minute_bars("2024-03-06", "2024-03-08"), tmp_path / "b.csv").read_text().splitlines()
    lines[100 : 100 + count] = [line.replace(":00,", ":00,-", 1) for line in lines[100 : 100 + count]]
    (tmp_path / "dirty.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "dirty.csv"


def test_a_file_with_more_than_a_twentieth_of_bad_rows_is_refused_with_them(tmp_path):
    assert take(dirty_rows(tmp_path, 58)).reports[0].kept == 1170 - 58
    said = r"59 of 1,170 rows \(5%\).*above the 5%.*most often: price missing or not positive \(59\)"
    with pytest.raises(QuarantineError, match=said) as refused:
        take(dirty_rows(tmp_path, 59))
    assert len(refused.value.rows) == 59
    assert take(dirty_rows(tmp_path, 59), max_quarantined=0.06).reports[0].kept == 1170 - 59


def test_rows_that_the_tape_does_not_need_are_no_fault(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08", extended=True)
    report = take(write_bars(bars, tmp_path / "bars.csv"), max_quarantined=0.0).reports[0]
    assert report.quarantined == {"outside session": 360}


def test_typed_cells_that_are_missing_are_put_aside_like_any_other(tmp_path):
    frame = minute_bars("2024-03-06", "2024-03-11")
    frame.loc[30, "close"] = np.nan
    frame.loc[31, "volume"] = np.nan
    frame = pd.concat([frame, frame.iloc[[31]]], ignore_index=True)  # a duplicate, and no volume in it
    frame.to_parquet(tmp_path / "bars.parquet")
    result = take(tmp_path / "bars.parquet")
    report = result.reports[0]
    assert report.read == report.kept + sum(report.quarantined.values()) == 4 * 390 + 1
    assert report.quarantined["price missing or not positive"] == 1
    held = result.quarantine
    assert len(held) == 2
    assert not held["text"].str.contains("nan|NaT|None").any()
