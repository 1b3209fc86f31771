"""Headlines come with three honest stamps: published, how fine that is, and when they could be known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vendor_bars import minute_bars, write_bars

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_MINUTE, NS_PER_MS, NS_PER_SECOND
from newsvol.engine.errors import ConventionError, TapeError
from newsvol.replays.tapes.importing import ImportRequest, ImportResult, import_tape

NEW_YORK = "America/New_York"


@pytest.fixture(scope="module")
def bars(tmp_path_factory) -> Path:
    """Bars from Wednesday 6 March to Wednesday 13 March 2024, across the clock change of the 10th."""
    return write_bars(minute_bars("2024-03-06", "2024-03-13"), tmp_path_factory.mktemp("bars") / "bars.csv")


def take(
    bars: Path, news: str, tmp_path: Path, name: str = "news.csv", **conventions: object
) -> ImportResult:
    (tmp_path / name).write_bytes(news.encode("utf-8", errors="surrogateescape"))
    return import_tape(ImportRequest(bars=(bars,), news=(tmp_path / name,), **conventions))


def utc(stamp: str) -> int:
    return pd.Timestamp(stamp, tz="UTC").value


@pytest.mark.parametrize(
    ("stamps", "resolution", "available"),
    [
        (("2024-03-07T15:02:00Z", "2024-03-07T15:04:00Z"), NS_PER_MINUTE, "2024-03-07 15:03:00"),
        (("2024-03-07 15:02:03+00:00", "2024-03-07 15:04:07+00:00"), NS_PER_SECOND, "2024-03-07 15:02:04"),
        (
            ("2024-03-07 10:02:03.125-05:00", "2024-03-07 10:04:07.250-05:00"),
            NS_PER_MS,
            "2024-03-07 15:02:03.126",
        ),
        (
            ("Thu, 07 Mar 2024 15:02:03 GMT", "Thu, 07 Mar 2024 15:04:07 GMT"),
            NS_PER_SECOND,
            "2024-03-07 15:02:04",
        ),
        (
            (" 10:02  AM ET Thu, 7 March 2024", "10:04 AM ET Thu, 7 March 2024"),
            NS_PER_MINUTE,
            "2024-03-07 15:03:00",
        ),
    ],
    ids=["minute", "second", "millisecond", "RFC 822", "spoken"],
)
def test_a_headline_is_available_at_its_stamp_rounded_up(bars, tmp_path, stamps, resolution, available):
    news = take(bars, f'time,title\n"{stamps[0]}",first\n"{stamps[1]}",second\n', tmp_path).tape.news
    assert news.published_ns[0] // NS_PER_MINUTE == utc("2024-03-07 15:02") // NS_PER_MINUTE
    assert news.resolution_ns[0] == resolution
    assert news.available_ns[0] == utc(available)
    assert list(news.headline) == ["first", "second"]


@pytest.mark.parametrize(
    ("date", "next_open"),
    [
        ("2024-03-06", "2024-03-07 14:30"),
        ("2024-03-07", "2024-03-08 14:30"),
        ("2024-03-08", "2024-03-11 13:30"),
        ("2024-03-10", "2024-03-11 13:30"),
        ("2024-03-11", "2024-03-12 13:30"),
    ],
    ids=["a session", "the session after", "over a weekend", "a Sunday", "after the clock change"],
)
@pytest.mark.parametrize("written", ["%Y-%m-%d", "%d-%b-%y", "%B %d, %Y"])
def test_a_dated_headline_waits_for_the_open_of_a_later_date(bars, tmp_path, date, next_open, written):
    news = take(bars, f'date,headline\n"{pd.Timestamp(date):{written}}",said\n', tmp_path).tape.news
    assert news.resolution_ns[0] == NS_PER_DAY
    assert news.published_ns[0] == pd.Timestamp(date, tz=NEW_YORK).value
    assert news.available_ns[0] == utc(next_open)


def test_a_headline_dated_before_the_bars_is_not_pulled_onto_them(bars, tmp_path):
    rows = ("2019-01-02,old", "2024-03-01,last week", "2024-03-05,eve", "2024-03-13,late", "2031-05-05,far")
    result = take(bars, "\n".join(["date,headline", *rows]), tmp_path)
    assert list(result.tape.news.headline) == ["eve"]
    assert result.reports[1].quarantined == {"outside bars": 4}


def test_the_feed_delay_is_added_to_what_is_available(bars, tmp_path):
    text = "time,title\n2024-03-07T15:00:01Z,one\n"
    news = take(bars, text, tmp_path, feed_delay_ns=NS_PER_SECOND // 2).tape.news
    assert news.available_ns[0] == utc("2024-03-07 15:00:02.5")
    dated = take(bars, "date,title\n2024-03-07,one\n", tmp_path, feed_delay_ns=NS_PER_MINUTE).tape.news
    assert dated.available_ns[0] == utc("2024-03-08 14:31")


def test_only_headlines_within_the_bars_are_kept(bars, tmp_path):
    stamps = ("2024-03-06T14:29:58Z", "2024-03-06T14:29:59Z", "2024-03-13T19:59:59Z", "2024-03-13T20:00:00Z")
    result = take(bars, "time,title\n" + "".join(f"{stamp},{stamp}\n" for stamp in stamps), tmp_path)
    assert list(result.tape.news.headline) == list(stamps[1:3])
    assert result.reports[1].quarantined == {"outside bars": 2}


def test_naive_times_need_a_zone_and_take_the_one_that_is_said(bars, tmp_path):
    text = "time,title\n2024-03-07 10:00,before\n2024-03-11 10:00,after\n"
    with pytest.raises(ConventionError, match=r"headlines cannot prove; pass --news-tz ZONE"):
        take(bars, text, tmp_path)
    news = take(bars, text, tmp_path, news_tz=NEW_YORK).tape.news
    assert list(news.published_ns) == [utc("2024-03-07 15:00"), utc("2024-03-11 14:00")]
    assert take(bars, text, tmp_path, news_tz="UTC").tape.news.published_ns[0] == utc("2024-03-07 10:00")


def test_a_zone_against_the_one_that_is_written_is_refused(bars, tmp_path):
    text = 'time,title\n"10:00 AM ET, 7 March 2024",one\n'
    with pytest.raises(ConventionError, match=r"contradicts news\.csv: its stamps name America/New_York"):
        take(bars, text, tmp_path, news_tz="UTC")


def test_a_repeated_hour_is_read_as_the_later_one(tmp_path):
    autumn = write_bars(minute_bars("2024-11-01", "2024-11-05"), tmp_path / "bars.csv")
    text = "time,title\n2024-11-03 01:30,twice that night\n"
    news = take(autumn, text, tmp_path, news_tz=NEW_YORK).tape.news
    assert news.published_ns[0] == utc("2024-11-03 06:30")


def test_a_skipped_hour_is_put_aside(bars, tmp_path):
    text = "time,title\n2024-03-10 02:30,never\n2024-03-10 03:30,real\n"
    result = take(bars, text, tmp_path, news_tz=NEW_YORK, max_quarantined=0.5)
    assert result.reports[1].quarantined == {"wall clock skips this hour": 1}


def test_a_headline_is_a_duplicate_only_within_its_source_and_stamp(bars, tmp_path):
    row = "2024-03-07T15:00:01Z"
    text = f"time,title,source\n{row},up,A\n{row},up,A\n{row},up,B\n2024-03-07T15:00:02Z,up,A\n"
    result = take(bars, text, tmp_path)
    assert list(result.tape.news.source) == ["A", "B", "A"]
    assert result.reports[1].quarantined == {"duplicate": 1}
    assert result.quarantine.iloc[0]["row"] == 3


def test_sources_default_to_the_name_of_the_file(bars, tmp_path):
    news = take(bars, "time,title\n2024-03-07T15:00:01Z,up\n", tmp_path, name="bbc.csv").tape.news
    assert news.source[0] == "bbc"


def test_two_unnamed_columns_are_a_stamp_and_a_headline(bars, tmp_path):
    text = "2024-03-06,Stocks end higher\n2024-03-07,Oil falls as demand forecasts are cut again\n"
    assert take(bars, text, tmp_path).tape.news.headline[0] == "Stocks end higher"


def test_news_files_are_merged_in_the_order_of_availability_with_unique_ids(bars, tmp_path):
    (tmp_path / "a.csv").write_text("time,title\n2024-03-08T15:00:00Z,late\n2024-03-07T15:00:00Z,early\n")
    (tmp_path / "b.csv").write_text("time,title\n2024-03-07T18:00:00Z,middle\n")
    request = ImportRequest(bars=(bars,), news=(tmp_path / "a.csv", tmp_path / "b.csv"))
    news = import_tape(request).tape.news
    assert list(news.headline) == ["early", "middle", "late"]
    assert list(news.item_id) == [1, 2, 0]


def test_a_file_in_which_nothing_is_a_headline_is_refused(bars, tmp_path):
    with pytest.raises(TapeError, match="none of its 2 rows is a headline"):
        take(bars, "time,title\n2024-03-07T15:00:01Z,\n2024-03-07T15:00:02Z,<br/>\n", tmp_path)


def test_a_header_that_is_not_known_is_refused_with_its_columns(bars, tmp_path):
    with pytest.raises(
        ConventionError, match=r"1, 2, 3: none is known to be the stamp; pass --map stamp=COLUMN"
    ):
        take(bars, "when,what,why\n2024-03-07T15:00:01Z,up,dunno\n", tmp_path)
    mapped = {"stamp": "when", "headline": "what"}
    assert (
        take(bars, "when,what,why\n2024-03-07T15:00:01Z,up,x\n", tmp_path, columns=mapped).tape.news.headline[
            0
        ]
        == "up"
    )


def test_a_tape_without_news_has_an_empty_news_frame(bars):
    assert len(import_tape(ImportRequest(bars=(bars,))).tape.news) == 0


def test_a_very_long_text_is_kept_whole(bars, tmp_path):
    long = "tariffs " * 2_000
    news = take(bars, f"time,title\n2024-03-07T15:00:01Z,{long}\n", tmp_path).tape.news
    assert len(news.headline[0]) == len(long) - 1


ROWS = st.lists(
    st.sampled_from(
        [
            "2024-03-07T15:00:01Z,up",
            "2024-03-07T15:00:01Z,",
            "2024-03-07T15:00:01Z,<p></p>",
            "2024-03-07T15:00:01Z,\udcff\udcfe",
            "2024-03-07 15:00:01,no zone",
            "tomorrow,maybe",
            "2024-03-07T15:00:01Z,a,b",
            "2035-03-07T15:00:01Z,too late",
            "",
            ",",
            '2024-03-07T15:00:02Z,"two\nlines"',
        ]
    ),
    max_size=40,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_read_is_kept_plus_quarantined_for_any_dirt(bars, tmp_path, rows):
    good = [f"2024-03-07T15:00:{second:02}Z,good {second}" for second in range(45)]
    result = take(bars, "\n".join(["time,title", *good, *rows]) + "\n", tmp_path, max_quarantined=1)
    report = result.reports[1]
    assert report.read == 45 + len(rows)
    assert report.read == report.kept + sum(report.quarantined.values())
    assert report.kept == len(result.tape.news)
    assert len(result.quarantine) == report.read - report.kept
    assert (np.diff(result.tape.news.available_ns) >= 0).all()
    assert (result.tape.news.available_ns > result.tape.news.published_ns).all()
