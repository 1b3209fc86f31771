"""A bar lasts as long as its stamp and its session say."""

import numpy as np
import pandas as pd
import pytest
from vendor_bars import (
    NEW_YORK,
    lean_zip,
    minute_bars,
    take,
    write_bars,
)

from newsvol.engine.arrays import NS_PER_HOUR
from newsvol.engine.errors import TapeError


def test_a_half_day_ends_early(tmp_path):
    bars = minute_bars("2024-11-26", "2024-12-02", extended=True)
    result = take(write_bars(bars, tmp_path / "bars.csv"))
    counts = result.tape.info.counts
    assert (counts["sessions"], counts["half_days"]) == (4, 1)
    assert counts["bars_present"] == counts["bars_expected"] == 3 * 390 + 210
    assert counts["missing_minutes"] == 0


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


def test_bars_that_no_session_holds_are_refused(tmp_path):
    nights = minute_bars("2024-03-06", "2024-03-12").assign(
        stamp=lambda bars: bars["stamp"] + pd.Timedelta(hours=9)
    )
    with pytest.raises(TapeError):
        take(write_bars(nights, tmp_path / "bars.csv", zone=None), stamp="start")
