"""Files of every shape are the same table, or refused in one line."""

import gzip

import pytest
from vendor_bars import (
    NEW_YORK,
    assert_same_bars,
    minute_bars,
    take,
    write_bars,
)

from newsvol.engine.errors import InputError


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_line_endings_and_delimiters_do_not_matter(tmp_path, ending, delimiter):
    bars = minute_bars("2024-03-06", "2024-03-08")
    text = write_bars(bars, tmp_path / "bars.csv").read_text()
    (tmp_path / "other.csv").write_bytes(
        text.replace(",", delimiter).replace("\n", ending).encode("utf-8-sig")
    )
    assert_same_bars(take(tmp_path / "other.csv"), bars)


def test_gzip_parquet_and_an_index_of_stamps_are_read(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-08")
    csv = write_bars(bars, tmp_path / "bars.csv", zone=None)
    (tmp_path / "bars.csv.gz").write_bytes(gzip.compress(csv.read_bytes()))
    indexed = bars.assign(stamp=bars["stamp"].dt.tz_localize("UTC").dt.tz_convert(NEW_YORK)).set_index(
        "stamp"
    )
    indexed.to_parquet(tmp_path / "bars.parquet")
    assert_same_bars(take(tmp_path / "bars.csv.gz"), bars)
    assert_same_bars(take(tmp_path / "bars.parquet"), bars)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"datetime,open,high,low,close\n", "has a header and no rows"),
        (b"\x00\x01\x02\x03", "neither CSV, Parquet nor a LEAN zip"),
        (b"PAR1garbage", "not readable Parquet"),
        (b"PK\x03\x04garbage", "damaged zip"),
        (b"\x1f\x8bgarbage", "damaged gzip"),
        (b"datetime,close\nnever,1\nsometimes,2\n", "is no stamp that is known"),
        (b"hello\nworld\n", "has no header row"),
        (b'datetime,close\n"2024-03-06 15:00' + b"\n1,2" * 300, "unclosed quote"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(tmp_path, content, said):
    file = tmp_path / "bars.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=said) as refused:
        take(file, close_only=True)
    assert "\n" not in str(refused.value)
