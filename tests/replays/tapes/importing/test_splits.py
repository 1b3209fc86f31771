"""Splits that the prices are not adjusted for are refused; listed ones are adjusted; crashes are crashes."""

from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from vendor_bars import minute_bars, take, write_bars

from newsvol.engine.errors import InputError, TapeError
from newsvol.replays.tapes.importing.splits import RATIOS, read_splits
from newsvol.replays.tapes.tape import load_tape

PRICES = ["open", "high", "low", "close"]
DAY = date(2024, 3, 12)
BEFORE = 4 * 390
"""Bars of the sessions before that day."""


@pytest.fixture
def bars() -> pd.DataFrame:
    frame = minute_bars("2024-03-06", "2024-03-19")
    # nights of up to 1%
    nights = np.exp(np.random.default_rng(3).normal(0, 0.004, len(frame) // 390)).cumprod()
    frame[PRICES] = frame[PRICES].mul(np.repeat(nights, 390), axis=0)
    return frame


def moved(bars: pd.DataFrame, ratio: float, volume: float | None = None, wild: float = 1.0) -> pd.DataFrame:
    """Prices before the day multiplied by `ratio`, volumes divided; or the volume after it times `volume`."""
    before = bars.index < BEFORE
    out = bars.copy()
    out.loc[before, PRICES] *= ratio
    if volume is None:
        out["volume"] = np.where(before, out["volume"] / ratio, out["volume"]).round() + 1
    else:
        out["volume"] = np.where(before, out["volume"], out["volume"] * volume).round()
    if wild != 1:
        middle = out[["open", "close"]].mean(axis=1)
        for name in ("high", "low"):
            out[name] = np.where(before, out[name], middle * (out[name] / middle) ** wild)
    return out


@pytest.mark.parametrize(
    "ratio", [Fraction(4), Fraction(2), Fraction(3, 2), Fraction(20), Fraction(1, 10), Fraction(1, 2)]
)
def test_an_unadjusted_split_is_refused_with_what_to_do(bars, tmp_path, ratio):
    file = write_bars(moved(bars, float(ratio)), tmp_path / "bars.csv")
    words = f"{ratio.numerator}:{ratio.denominator}"
    told = rf"2024-03-12 opens at .* \({words}, share volume x .*--splits FILE.*--keep-splits"
    with pytest.raises(TapeError, match=told) as refused:
        take(file)
    assert "\n" not in str(refused.value)


def test_every_ratio_is_found(bars, tmp_path):
    for ratio in RATIOS:
        file = write_bars(moved(bars, float(ratio)), tmp_path / "bars.csv")
        kept = take(file, keep_splits=True).tape.info.origin["splits_kept"]
        assert kept == [{"date": "2024-03-12", "ratio": f"{ratio.numerator}:{ratio.denominator}"}]


def test_a_split_shows_without_volume(bars, tmp_path):
    file = write_bars(moved(bars, 4.0), tmp_path / "bars.csv", columns=tuple(PRICES))
    with pytest.raises(TapeError, match=r"\(4:1\)"):
        take(file, tz="UTC", stamp="start")


@pytest.mark.parametrize("written", ["4", "4:1", "8/2"])
def test_a_listed_split_is_adjusted_and_said(bars, tmp_path, written):
    listed = tmp_path / "splits.csv"
    listed.write_text(f"date,ratio\n2020-01-02,3\n{DAY},{written}\n")
    result = take(write_bars(moved(bars, 4.0), tmp_path / "bars.csv"), splits=listed)
    result.save(tmp_path / "tape")
    tape = load_tape(tmp_path / "tape")
    assert tape.info.origin["splits"] == [{"date": "2024-03-12", "ratio": "4:1"}]
    assert tape.info.origin["splits_listed"] == 2
    np.testing.assert_allclose(tape.bars.close, bars["close"], rtol=1e-6)
    np.testing.assert_allclose(tape.bars.volume, bars["volume"], atol=6)


def test_a_bad_print_is_adjusted_with_its_bar(bars, tmp_path):
    dirty = moved(bars, 4.0)
    dirty.loc[100, "high"] *= 100
    listed = tmp_path / "splits.csv"
    listed.write_text(f"date,ratio\n{DAY},4\n")
    tape = take(write_bars(dirty, tmp_path / "bars.csv"), splits=listed).tape
    assert tape.bad_prints.high[0] == pytest.approx(dirty["high"][100] / 4)


def test_a_listed_split_that_the_prices_do_not_show_is_refused(bars, tmp_path):
    listed = tmp_path / "splits.csv"
    listed.write_text(f"date,ratio\n{DAY},4\n")
    with pytest.raises(TapeError, match=r"4:1 of 2024-03-12 is not in the prices.*adjusted already"):
        take(write_bars(bars, tmp_path / "bars.csv"), splits=listed)


def test_a_move_that_is_no_ratio_is_a_move(bars, tmp_path):
    for factor in (1.25, 1 / 0.55, 1 / 0.8, 2.2, 0.55):
        assert (
            "splits_kept"
            not in take(write_bars(moved(bars, factor, 1.0), tmp_path / "bars.csv")).tape.info.origin
        )


@pytest.mark.parametrize(("volume", "wild"), [(12.0, 1.0), (1.0, 8.0)], ids=["by dollar volume", "by ranges"])
def test_half_the_price_on_news_is_no_split(bars, tmp_path, volume, wild):
    """A share that halves on news trades many times the dollars, in wider bars; a split changes neither."""
    result = take(write_bars(moved(bars, 2.0, volume, wild), tmp_path / "bars.csv"))
    assert "splits_kept" not in result.tape.info.origin


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,factor\n2024-03-12,4\n", "it needs date and ratio"),
        ("date,ratio\n12 March,4\n", "row 2: 12 March,4 is no date and ratio"),
        ("date,ratio\n2024-03-12,-4\n", "row 2"),
        ("date,ratio\n2024-03-12,4:0\n", "row 2"),
        ("date,ratio\n2024-03-12,4\n2024-03-12,2\n", "a date stands there twice"),
        ("", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_a_list_of_splits_that_is_none_is_refused_in_one_line(tmp_path, text, said):
    file = tmp_path / "splits.csv"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=said) as refused:
        read_splits(file)
    assert "\n" not in str(refused.value)
