"""The vendor files of the shared data: conventions proven, counts pinned, closes agree across vendors."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_MS, NS_PER_SECOND
from newsvol.engine.errors import ConventionError, TapeError
from newsvol.engine.frames import BarFrame
from newsvol.replays.tapes.importing import ImportRequest, ImportResult, import_tape
from newsvol.replays.tapes.importing.prints import BAD_BODY

pytestmark = pytest.mark.real

NEW_YORK = "America/New_York"
MINUTES = "bars/spy_1min_2024-02-20_2025-04-11.parquet"
EXTENDED = "bars/vendor/spy_et_offset_extended_hours_vwap.csv"
END_STAMPED = "bars/vendor/spy_naive_et_bar_end_stamped.csv"
FILLED = "bars/vendor/spy_naive_et_filled_no_volume.csv"
SOME_EXTENDED = "bars/vendor/spy_utc_2024-03-26_2025-04-02.parquet"
MESSY = "bars/vendor/spy_close_volume_only_messy_header.csv"
LEAN_HOURS = "bars/hourly/lean_spy_hour.zip"
LEAN_APPLE = "bars/hourly/lean_aapl_hour.zip"
UNIVERSE = ("MU", "NTAP", "PSTG", "QQQ", "SMCI", "SMH", "SPY", "STX", "WDC")


def take(data_dir: Path, *bars: str, news: tuple[str, ...] = (), **conventions: object) -> ImportResult:
    files = tuple(data_dir / name for name in bars)
    return import_tape(ImportRequest(bars=files, news=tuple(data_dir / name for name in news), **conventions))


def new_york(stamp: str) -> int:
    return pd.Timestamp(stamp, tz=NEW_YORK).value


@pytest.fixture(scope="module")
def reference(data_dir) -> BarFrame:
    return take(data_dir, MINUTES).tape.bars


@pytest.mark.parametrize(
    ("file", "zone", "stamp", "first_open", "read", "kept"),
    [
        (MINUTES, "UTC", "start", "2024-02-20 09:30", 111_780, 111_780),
        (EXTENDED, "written offset", "start", "2024-02-20 09:30", 49_720, 24_570),
        (END_STAMPED, NEW_YORK, "end", "2024-05-31 09:30", 22_332, 11_448),
        (FILLED, NEW_YORK, "start", "2025-01-02 09:30", 66_240, 26_910),
        (SOME_EXTENDED, "UTC", "start", "2024-03-26 09:30", 102_236, 99_264),
        ("bars/universe_1min/SPY.parquet", "US/Eastern", "start", "2025-11-06 09:30", 11_149, 11_149),
        ("bars/universe_1min/MU.parquet", "US/Eastern", "start", "2025-11-06 09:30", 11_147, 11_147),
        (LEAN_HOURS, NEW_YORK, "start", "1998-01-02 09:30", 40_832, 40_785),
        ("bars/hourly/lean_spy_daily.zip", NEW_YORK, "session", "1998-01-02 09:30", 5_849, 5_849),
    ],
)
def test_conventions_of_vendor_bars_are_proven(data_dir, file, zone, stamp, first_open, read, kept):
    result = take(data_dir, file)
    report = result.reports[0]
    assert (report.zone, report.stamp) == (zone, stamp)
    assert (report.read, report.kept) == (read, kept)
    assert report.read == report.kept + sum(report.quarantined.values())
    assert set(report.quarantined) <= {"outside session"}
    assert result.tape.bars.open_ns[0] == new_york(first_open)


@pytest.mark.parametrize(
    ("file", "overlap", "within"),
    [
        (EXTENDED, 24_570, 0.011),
        (END_STAMPED, 11_448, 0.001),
        (FILLED, 26_910, 0.05),
        (SOME_EXTENDED, 99_264, 0.001),
    ],
)
def test_closes_of_other_vendors_agree_at_the_same_minute_and_at_no_other(
    data_dir, reference, file, overlap, within
):
    bars = take(data_dir, file).tape.bars

    def share_agreeing(shift_minutes: int) -> tuple[int, float]:
        _, ours, theirs = np.intersect1d(
            reference.open_ns,
            bars.open_ns + shift_minutes * NS_PER_MINUTE,
            assume_unique=True,
            return_indices=True,
        )
        return len(ours), float(np.mean(np.abs(reference.close[ours] - bars.close[theirs]) <= within))

    shared, agreeing = share_agreeing(0)
    assert shared == overlap
    assert agreeing > 0.97
    for shift in (-1, 1):
        assert share_agreeing(shift)[1] < agreeing - 0.3


def test_volume_that_is_missing_at_the_end_is_kept_and_counted(data_dir):
    tape = take(data_dir, MINUTES).tape
    counts = tape.info.counts
    assert (counts["sessions"], counts["half_days"], counts["missing_minutes"]) == (288, 3, 0)
    assert counts["bars_expected"] == counts["bars_present"] == 111_780
    assert counts["bars_without_volume"] == 2_766
    assert (
        tape.bars.open_ns[np.isnan(tape.bars.volume)][0] == pd.Timestamp("2025-04-02 19:24", tz="UTC").value
    )


def test_closes_alone_are_refused_or_built_on_request(data_dir):
    with pytest.raises(ConventionError, match=r"has no open, high, low.*--close-only"):
        take(data_dir, MESSY)
    result = take(data_dir, MESSY, close_only=True)
    report = result.reports[0]
    assert (report.zone, report.stamp, report.kept) == (NEW_YORK, "start", 26_909)
    assert report.quarantined == {"outside session": 156, "unreadable stamp": 1}
    assert result.quarantine.iloc[0]["text"].startswith("#NAME?")
    assert result.tape.bars.open_ns[0] == new_york("2021-12-01 09:31")


@pytest.mark.parametrize(
    ("file", "conventions"),
    [
        (END_STAMPED, {"tz": "UTC"}),
        (END_STAMPED, {"stamp": "start"}),
        (FILLED, {"tz": "America/Chicago"}),
        (FILLED, {"stamp": "end"}),
        (EXTENDED, {"stamp": "end"}),
        (MINUTES, {"stamp": "end"}),
    ],
)
def test_a_wrong_override_is_refused(data_dir, file, conventions):
    with pytest.raises(ConventionError, match="contradicts"):
        take(data_dir, file, **conventions)


def test_files_over_the_same_minutes_are_refused(data_dir):
    with pytest.raises(TapeError, match="24,570 bars from 2024-02-20 14:30 UTC to 2024-05-17 19:59 UTC"):
        take(data_dir, MINUTES, EXTENDED)


def test_lean_hours_begin_and_end_with_the_session(data_dir):
    bars = take(data_dir, LEAN_HOURS).tape.bars
    last = np.searchsorted(bars.open_ns, new_york("2019-11-29 23:00")) - 1
    assert bars.close_ns[last] == new_york("2019-11-29 13:00")
    lengths = bars.close_ns - bars.open_ns
    assert set(np.unique(lengths)) == {NS_PER_HOUR // 2, NS_PER_HOUR}
    assert (bars.open[0], bars.close[0]) == (97.31, 97.03)


def test_a_year_of_news_joins_a_year_of_bars(data_dir):
    news = ("news/polygon_spy.csv", "news/bbc_business.csv", "news/trump_truth.csv")
    result = take(data_dir, MINUTES, news=news)
    kept = {report.file: report.kept for report in result.reports if report.kind == "news"}
    assert kept == {"polygon_spy.csv": 841, "bbc_business.csv": 221, "trump_truth.csv": 251}
    held = {report.file: dict(report.quarantined) for report in result.reports}
    assert held["trump_truth.csv"] == {"empty headline": 273, "outside bars": 198}
    frame = result.tape.news
    wait = frame.available_ns - frame.published_ns
    assert {int(unit): int((wait == unit).sum()) for unit in np.unique(wait)} == {
        NS_PER_MS: 251,
        NS_PER_SECOND: 801,
        NS_PER_MINUTE: 261,
    }
    assert not any("<" in text or "href" in text for text in frame.headline)
    assert len(result.quarantine) == result.tape.info.counts["quarantined"]


@pytest.mark.parametrize(
    ("file", "resolution", "kept", "quarantined"),
    [
        ("news/cnbc_2017_2020_raw.csv", NS_PER_MINUTE, 2_800, {"empty row": 280}),
        ("news/guardian_2017_2020_date_only.csv", NS_PER_DAY, 17_760, {"unreadable stamp": 40}),
        ("news/reuters_2018_2020_date_only.csv", NS_PER_DAY, 32_691, {"duplicate": 79}),
        ("seeds_reference/hpml_headlines_2021.csv", NS_PER_MINUTE, 96, {"outside bars": 1}),
    ],
)
def test_older_news_joins_hours(data_dir, file, resolution, kept, quarantined):
    result = take(data_dir, LEAN_HOURS, news=(file,))
    report, frame = result.reports[1], result.tape.news
    assert (report.kept, report.quarantined) == (kept, quarantined)
    assert set(np.unique(frame.resolution_ns)) == {resolution}
    if resolution == NS_PER_DAY:
        assert np.isin(frame.available_ns, result.tape.sessions.open_ns).all()
        assert (frame.available_ns - frame.published_ns > NS_PER_DAY).all()
    else:
        assert (frame.available_ns - frame.published_ns == NS_PER_MINUTE).all()


def test_each_publisher_has_the_resolution_that_its_seconds_show(data_dir):
    report = take(data_dir, MINUTES, news=("news/polygon_spy.csv",)).reports[1]
    shown = {source.source: (source.resolution, source.proof, source.rounded_up) for source in report.sources}
    assert shown == {
        "Benzinga": ("second", "proven", 0),
        "Zacks Investment Research": ("second, minute", "mixed", 78),
        "The Motley Fool": ("second, minute", "mixed", 132),
        "Seeking Alpha": ("second, minute", "mixed", 46),
        "Investing.com": ("minute", "proven", 0),
        "GlobeNewswire Inc.": ("minute", "proven", 0),
    }


@pytest.mark.parametrize(
    "file",
    [
        *(MINUTES, EXTENDED, END_STAMPED, FILLED, SOME_EXTENDED),
        *(f"bars/universe_1min/{name}.parquet" for name in UNIVERSE),
    ],
)
def test_real_minutes_have_no_bad_prints_and_no_splits(data_dir, file):
    result = take(data_dir, file)
    assert len(result.tape.bad_prints) == 0
    assert BAD_BODY not in result.reports[0].quarantined
    assert not {"splits", "splits_kept"} & set(result.tape.info.origin)


def test_the_splits_of_apple_are_found_and_no_crash_is_taken_for_one(data_dir, tmp_path):
    """Apple fell by 47% in the night to 2000-09-29, and this vendor's zip is not adjusted."""
    with pytest.raises(TapeError, match=r"2000-06-21.*2:1.*2005-02-28.*2:1.*2014-06-09.*7:1.*and 1 more"):
        take(data_dir, LEAN_APPLE)
    kept = take(data_dir, LEAN_APPLE, keep_splits=True)
    assert [split["date"] for split in kept.tape.info.origin["splits_kept"]] == [
        *("2000-06-21", "2005-02-28", "2014-06-09", "2020-08-31")
    ]
    listed = tmp_path / "apple.csv"
    listed.write_text("date,ratio\n2000-06-21,2\n2005-02-28,2\n2014-06-09,7\n2020-08-31,4:1\n")
    bars = take(data_dir, LEAN_APPLE, splits=listed).tape.bars
    assert bars.close[0] == pytest.approx(kept.tape.bars.close[0] / 112)
    assert bars.close[-1] == kept.tape.bars.close[-1]


def test_prints_off_by_a_factor_of_ten_are_taken_out_of_apple_hours(data_dir):
    tape = take(data_dir, LEAN_APPLE, keep_splits=True).tape
    np.testing.assert_array_equal(tape.bad_prints.low, [10.59, 25.3, 32.65])
    at = np.searchsorted(tape.bars.open_ns, tape.bad_prints.open_ns)
    assert (tape.bars.low[at] > 180).all()
    flash_crash = np.searchsorted(tape.bars.open_ns, new_york("2010-05-06 14:00"))
    assert tape.bars.low[flash_crash] == 199.25


@pytest.mark.parametrize("file", [LEAN_HOURS, "bars/hourly/lean_spy_daily.zip"])
def test_a_high_that_spy_reached_five_years_later_is_a_bad_print(data_dir, file):
    bad = take(data_dir, file).tape.bad_prints
    assert [str(pd.Timestamp(stamp).date()) for stamp in bad.open_ns] == ["2002-04-02"]
    np.testing.assert_array_equal(bad.high, [144.12])


def test_a_spoken_stamp_is_new_york_time(data_dir):
    frame = take(data_dir, LEAN_HOURS, news=("news/cnbc_2017_2020_raw.csv",)).tape.news
    at = list(frame.headline).index("Cramer's lightning round: I would own Teradyne")
    assert frame.published_ns[at] == new_york("2020-07-17 19:33")


@pytest.mark.parametrize("file", ["news/alpaca_tsla.csv", "news/alphavantage_goldminers.csv"])
def test_news_outside_the_bars_is_counted_not_lost(data_dir, file):
    report = take(data_dir, "bars/universe_1min/SPY.parquet", news=(file,)).reports[1]
    assert report.kept == 0
    assert report.quarantined == {"outside bars": report.read}
