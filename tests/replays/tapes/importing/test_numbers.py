"""Separator and decimal mark are proven together, from the fields and the prices of the file."""

import numpy as np
import pandas as pd
import pytest
from vendor_bars import assert_same_bars, minute_bars, take, write_bars

from newsvol.engine.errors import ConventionError, QuarantineError

PRICES = ["open", "high", "low", "close"]


@pytest.fixture
def bars() -> pd.DataFrame:
    frame = minute_bars("2024-03-06", "2024-03-08")
    frame[PRICES] = frame[PRICES].round(2) * 20
    frame[PRICES] = frame[PRICES].round(2)
    return frame


def rewritten(bars, tmp_path, price, volume, separator, quoted=False):
    text = bars.assign(**{name: bars[name].map(price) for name in PRICES}, volume=bars["volume"].map(volume))
    file = write_bars(text, tmp_path / "plain.csv")
    frame = pd.read_csv(file, dtype=str)
    out = tmp_path / "bars.csv"
    frame.to_csv(out, sep=separator, index=False, quoting=1 if quoted else 0)
    return out


def german(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


WRITTEN = {
    "comma decimals, trailing zeros dropped": (lambda value: f"{value:g}".replace(".", ","), str, ";"),
    "comma decimals and point thousands": (german, lambda value: f"{value:,}".replace(",", "."), ";"),
    "comma decimals and volumes as floats": (german, lambda value: f"{value}.0", ";"),
    "comma decimals between tabs": (lambda value: f"{value:.2f}".replace(".", ","), str, "\t"),
    "quoted comma decimals between commas": (german, str, ","),
    "point decimals and comma thousands": ("{:,.2f}".format, "{:,}".format, ";"),
    "quoted point decimals and comma thousands": ("{:,.2f}".format, "{:,}".format, ","),
    "point decimals between tabs": (str, str, "\t"),
    "Swiss thousands": (lambda value: f"{value:,.2f}".replace(",", "'"), str, ";"),
}


@pytest.mark.parametrize("way", WRITTEN)
def test_numbers_are_read_as_they_were_written(bars, tmp_path, way):
    price, volume, separator = WRITTEN[way]
    result = take(rewritten(bars, tmp_path, price, volume, separator))
    assert result.reports[0].quarantined == {}
    assert_same_bars(result, bars)
    np.testing.assert_array_equal(result.tape.bars.volume, bars["volume"])


def test_the_proof_is_said(bars, tmp_path):
    price, volume, separator = WRITTEN["comma decimals and point thousands"]
    said = take(rewritten(bars, tmp_path, price, volume, separator)).reports[0].evidence
    assert "fields are split at ';'" in said
    assert any(line.startswith("decimal commas, which 4,680 prices prove") for line in said)


def test_three_digits_after_every_comma_prove_nothing(bars, tmp_path):
    ambiguous = bars.assign(**{name: bars[name] / 10 for name in PRICES})
    file = rewritten(ambiguous, tmp_path, lambda value: f"{value:.3f}".replace(".", ","), str, ";")
    with pytest.raises(
        ConventionError, match=r"decimals or thousands; pass --decimal comma or --decimal point"
    ):
        take(file)
    result = take(file, decimal="comma")
    np.testing.assert_allclose(result.tape.bars.close, ambiguous["close"].round(3))
    assert take(file, decimal="point").tape.bars.close[0] > 10_000


def test_a_file_written_both_ways_is_refused(bars, tmp_path):
    half = len(bars) // 2
    ways = [f"{value:.2f}" if at < half else german(value) for at, value in enumerate(bars["close"])]
    dirty = bars.assign(**dict.fromkeys(PRICES, ways))
    file = write_bars(dirty, tmp_path / "bars.csv")
    with pytest.raises(ConventionError, match=r"have decimal commas and .* points; write them one way"):
        take(file)


def test_numbers_with_commas_between_commas_are_told_from_fields(bars, tmp_path):
    file = rewritten(bars, tmp_path, lambda value: f"{value:.2f}".replace(".", ","), str, ",")
    file.write_text(file.read_text().replace('"', ""))
    said = (
        r"1,170 wrong number of fields: 10 fields instead of 6, split at ','; numbers with commas need quotes"
    )
    with pytest.raises(QuarantineError, match=said) as refused:
        take(file)
    assert len(refused.value.rows) == 1170
