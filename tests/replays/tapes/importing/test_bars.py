"""Bars are kept as they were, with what they lack."""

import numpy as np
import pytest
from vendor_bars import (
    assert_same_bars,
    lean_zip,
    minute_bars,
    take,
    write_bars,
)

from newsvol.engine.errors import ConventionError, TapeError


def test_numbers_as_a_spreadsheet_writes_them_are_numbers(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08")
    dressed = bars.assign(
        volume=bars["volume"].map("{:,}".format),
        close=("$" + bars["close"].astype(str)).where(bars.index < 500, bars["close"]),
    )
    result = take(write_bars(dressed, tmp_path / "bars.csv"))
    assert_same_bars(result, bars)
    np.testing.assert_array_equal(result.tape.bars.volume, bars["volume"])


def test_bars_without_volume_are_kept_and_counted(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08").assign(volume=lambda frame: frame["volume"].astype(float))
    bars.loc[bars.index[-100:], "volume"] = np.nan
    result = take(write_bars(bars, tmp_path / "bars.csv"))
    assert result.reports[0].kept == len(bars)
    assert np.isnan(result.tape.bars.volume[-100:]).all()
    assert result.tape.info.counts["bars_without_volume"] == 100


def test_a_lean_zip_of_another_instrument_is_refused(tmp_path):
    days = [f"202407{day:02} 00:00,5430000,5440000,5420000,5435000,1000" for day in (1, 2, 3)]
    with pytest.raises(TapeError, match="holds SPY, not AAPL; pass --instrument SPY"):
        take(lean_zip(tmp_path / "spy.zip", days), instrument="AAPL")


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
