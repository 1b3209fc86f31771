"""Rows run forward in time, or are put aside."""

import numpy as np
import pytest
from vendor_bars import (
    assert_same_bars,
    minute_bars,
    take,
    write_bars,
)

from newsvol.engine.errors import TapeError


def test_a_newest_first_file_is_turned_round(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08")
    result = take(write_bars(bars[::-1], tmp_path / "bars.csv"))
    assert_same_bars(result, bars)
    assert any("newest first" in line for line in result.reports[0].evidence)


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
