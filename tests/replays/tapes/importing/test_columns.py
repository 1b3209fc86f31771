"""Columns are known by their names, or mapped."""

import pytest
from vendor_bars import (
    SPRING,
    assert_same_bars,
    minute_bars,
    take,
    write_bars,
)

from newsvol.engine.errors import ConventionError


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
