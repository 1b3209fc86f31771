"""Rows run forward in time, or are put aside."""

import re

import numpy as np
import pandas as pd
import pytest
from vendor_bars import (
    assert_same_bars,
    minute_bars,
    take,
    write_bars,
)


def test_a_newest_first_file_is_turned_round(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08")
    result = take(write_bars(bars[::-1], tmp_path / "bars.csv"))
    assert_same_bars(result, bars)
    assert any("newest first" in line for line in result.reports[0].evidence)


def test_rows_out_of_place_are_sorted_and_repeats_put_aside(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-11")
    rows = np.arange(len(bars))
    # Row 100 is said twice; row 5 comes late; the last minute comes far too early.
    order = np.concatenate(
        [rows[:5], rows[6:50], [len(bars) - 1], rows[50:101], [100], rows[101:200], [5], rows[200:-1]]
    )
    result = take(write_bars(bars.iloc[order], tmp_path / "bars.csv"))
    assert result.reports[0].quarantined == {"duplicate stamp": 1}
    assert "2 rows out of order, sorted by stamp" in result.reports[0].evidence
    assert_same_bars(result, bars)


def test_a_shuffled_block_is_sorted_with_nothing_lost(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-11")
    block = np.random.default_rng(5).permutation(np.arange(400, 500))
    order = np.concatenate([np.arange(400), block, np.arange(500, len(bars))])
    result = take(write_bars(bars.iloc[order], tmp_path / "bars.csv"))
    assert result.reports[0].quarantined == {}
    assert re.search(r"\b[78]\d rows out of order, sorted by stamp", " ".join(result.reports[0].evidence))
    assert_same_bars(result, bars)


@pytest.mark.parametrize(
    "columns", [("open", "high", "low", "close", "volume"), ("open", "high", "low", "close")]
)
def test_a_shuffled_file_is_the_same_tape(tmp_path, columns):
    bars = minute_bars("2024-02-20", "2024-03-22")
    # Without volume the zone is proven by returns, which are between neighbours in time and not in the file.
    nights = np.cumprod(np.where(bars.index % 390 == 0, 1.01, 1.0))
    prices = ["open", "high", "low", "close"]
    bars[prices] = bars[prices].mul(nights, axis=0)
    shuffled = bars.sample(frac=1, random_state=3)
    result = take(write_bars(shuffled, tmp_path / "shuffled.csv", columns=columns))
    again = take(write_bars(bars, tmp_path / "bars.csv", columns=columns))
    assert result.tape.content_hash() == again.tape.content_hash()
    assert_same_bars(result, bars)


def test_a_conflict_keeps_the_first_and_shows_the_other(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-11")
    other = bars.iloc[[700]].assign(close=lambda frame: frame["close"] + 0.005)
    result = take(write_bars(pd.concat([bars, other]), tmp_path / "bars.csv"))
    assert_same_bars(result, bars)
    assert list(result.quarantine["row"]) == [len(bars) + 2]
    assert result.reports[0].quarantined == {"duplicate stamp": 1}
