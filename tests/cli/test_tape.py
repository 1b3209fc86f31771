"""``newsvol tape``: what is printed, what is written, and what is refused."""

import json
import re

import pytest
from click.testing import CliRunner, Result
from vendor_bars import minute_bars, write_bars

from newsvol.cli.tape.commands import tape
from newsvol.engine.errors import InputError, OutputError, TapeError
from newsvol.replays.tapes.tape import load_tape


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vendor")
    bars = minute_bars("2024-03-06", "2024-03-12", extended=True).drop(index=range(700, 720))
    write_bars(bars, folder / "bars.csv", zone="America/New_York", end_stamped=True)
    (folder / "one.csv").write_text("time,title\n2024-03-07T15:00:01Z,up\n2024-03-07T15:00:02Z,\n")
    (folder / "two.csv").write_text("time,title\n2024-03-08T15:00:01Z,[bold]down\n")
    return folder


def call(*args: object, fails: type[InputError] | None = None) -> Result:
    result = CliRunner().invoke(tape, [str(arg) for arg in args])
    if fails is None:
        assert result.exit_code == 0, result.output
    else:
        assert isinstance(result.exception, fails), result.output
        assert "\n" not in str(result.exception)
    return result


def import_all(files, out, *more):
    return call(
        "import",
        "--bars",
        files / "bars.csv",
        "--news",
        files / "one.csv",
        files / "two.csv",
        "--out",
        out,
        *more,
    )


def test_import_prints_conventions_counts_and_evidence_and_saves_the_tape(files, tmp_path):
    printed = import_all(files, tmp_path / "tape").stdout
    for said in (
        "bar end",
        "America/New_York",
        "volume jumps a bar after the open in 5 of 5 sessions",
        "1 empty headline",
        "5, 0 half-days",
        "20 minutes missing",
        "quarantine.csv",
    ):
        assert said in printed
    saved = load_tape(tmp_path / "tape")
    assert saved.content_hash() in printed
    assert list(saved.news.headline) == ["up", "[bold]down"]
    assert (tmp_path / "tape" / "quarantine.csv").read_text().startswith("file,row,reason,text\n")


def test_import_prints_json_only_when_asked(files, tmp_path):
    told = json.loads(import_all(files, tmp_path / "tape", "--json").stdout)
    assert told["content_hash"] == load_tape(tmp_path / "tape").content_hash()
    for file in told["files"]:
        assert file["read"] == file["kept"] + sum(file["quarantined"].values())
    assert told["counts"]["read"] == sum(file["read"] for file in told["files"])


def test_several_files_may_follow_one_option_or_each_its_own(files, tmp_path):
    import_all(files, tmp_path / "one")
    news = ("--news", files / "one.csv", f"--news={files / 'two.csv'}")
    call("import", "--out", tmp_path / "two", f"--bars={files / 'bars.csv'}", *news)
    assert load_tape(tmp_path / "one").content_hash() == load_tape(tmp_path / "two").content_hash()


def test_options_reach_the_importer(files, tmp_path):
    more = (
        "--feed-delay",
        "1.5",
        "--map",
        "headline=title",
        "stamp=time",
        "--instrument",
        "ivv",
        "--stamp",
        "end",
    )
    printed = call(
        *(
            "import",
            "--bars",
            files / "bars.csv",
            "--news",
            files / "two.csv",
            "--out",
            tmp_path / "tape",
            *more,
        ),
        *("--map", "stamp=datetime"),
        fails=None,
    )
    assert "IVV" in printed.stdout
    news = load_tape(tmp_path / "tape").news
    assert news.available_ns[0] - news.published_ns[0] == 2_500_000_000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--tz", "UTC"), "contradicts"),
        (("--stamp", "start"), "contradicts"),
        (("--map", "close"), "write ROLE=COLUMN"),
        (("--calendar", "NYSE?"), "unknown calendar"),
        (("--news", "missing.csv"), "cannot read missing.csv"),
    ],
)
def test_a_refusal_is_one_line_and_writes_nothing(files, tmp_path, options, said):
    result = call(
        "import", "--bars", files / "bars.csv", "--out", tmp_path / "tape", *options, fails=InputError
    )
    assert said in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_not_overwritten(files, tmp_path):
    import_all(files, tmp_path / "tape")
    call("import", "--bars", files / "bars.csv", "--out", tmp_path / "tape", fails=OutputError)


def test_check_says_that_a_tape_is_whole_and_lists_its_gaps(files, tmp_path):
    import_all(files, tmp_path / "tape")
    printed = call("check", tmp_path / "tape").stdout
    assert "is whole" in printed
    assert re.search(r"clock changes\s+2024-03-11", printed)
    assert re.search(r"2024-03-07 \d\d:\d\d\s+2024-03-07 \d\d:\d\d\s+20\s+1", printed)
    told = json.loads(call("check", tmp_path / "tape", "--json").stdout)
    assert (told["missing_minutes"], told["gap_count"]) == (20, 1)


def test_check_refuses_a_damaged_tape(files, tmp_path):
    import_all(files, tmp_path / "tape")
    (tmp_path / "tape" / "news.parquet").write_bytes(b"PAR1")
    call("check", tmp_path / "tape", fails=TapeError)
    call("show", tmp_path / "nothing", fails=TapeError)


def test_show_draws_a_picture_that_opens_offline(files, tmp_path):
    import_all(files, tmp_path / "tape")
    printed = call("show", tmp_path / "tape", "--plot", tmp_path / "pictures" / "spy.html").stdout
    assert "SPY on XNYS" in printed
    page = (tmp_path / "pictures" / "spy.html").read_text()
    assert "plotly.js v" in page
    assert not re.search(r"<script[^>]+src=", page)
    assert [file.name for file in (tmp_path / "pictures").iterdir()] == ["spy.html"]
    call("show", tmp_path / "tape", "--plot", tmp_path, fails=OutputError)


def test_show_prints_json_only_when_asked(files, tmp_path):
    import_all(files, tmp_path / "tape")
    told = json.loads(call("show", tmp_path / "tape", "--json").stdout)
    assert (told["instrument"], told["sessions"], told["headlines"]) == ("SPY", 5, 2)
    assert told["origin"]["files"][0]["stamp"] == "end"


def two_sources(folder):
    """A desk that stamps to the second beside a wire that stamps to the minute."""
    rows = [f"2024-03-07T15:{at % 60:02}:{at * 7 % 59 + 1:02}Z,desk {at},Desk" for at in range(120)]
    rows += [f"2024-03-07T16:{at:02}:00Z,wire {at},Wire" for at in range(1, 30)]
    (folder / "mixed.csv").write_text("\n".join(["time,title,source", *rows]) + "\n")
    return folder / "mixed.csv"


def test_show_has_a_row_a_source_with_its_resolution(files, tmp_path):
    arguments = ("import", "--bars", files / "bars.csv", "--news", two_sources(tmp_path))
    for printed in (
        call(*arguments, "--out", tmp_path / "tape").stdout,
        call("show", tmp_path / "tape").stdout,
    ):
        assert re.search(r"^Desk +second +proven +120 +-$", printed, re.MULTILINE)
        assert re.search(r"^Wire +minute +proven +29 +29 \(100%\)$", printed, re.MULTILINE)
    news = load_tape(tmp_path / "tape").news
    assert set(news.available_ns[news.source == "Wire"] - news.published_ns[news.source == "Wire"]) == {6e10}
    told = json.loads(call("show", tmp_path / "tape", "--json").stdout)
    assert told["origin"]["files"][1]["sources"][1] == {
        "source": "Wire",
        "rows": 29,
        "on_minute": 29,
        "resolution": "minute",
        "rounded_up": 0,
        "proof": "proven",
    }


def test_a_resolution_that_is_said_wins(files, tmp_path):
    arguments = ("import", "--bars", files / "bars.csv", "--news", two_sources(tmp_path))
    printed = call(*arguments, "--out", tmp_path / "tape", "--resolution", "second").stdout
    assert re.search(r"^Wire +second +--resolution +29", printed, re.MULTILINE)
    news = load_tape(tmp_path / "tape").news
    assert set(news.available_ns - news.published_ns) == {1e9}


def test_a_file_of_bad_rows_is_refused_and_its_rows_are_kept_to_look_at(files, tmp_path):
    lines = (files / "bars.csv").read_text().splitlines()
    lines[200:600] = [line.replace(":00,", ":00,-", 1) for line in lines[200:600]]
    (tmp_path / "bad.csv").write_text("\n".join(lines) + "\n")
    out = tmp_path / "tapes" / "spy"
    arguments = ("import", "--bars", tmp_path / "bad.csv", "--out", out)
    said = str(call(*arguments, fails=TapeError).exception)
    kept = tmp_path / "tapes" / "spy.quarantine.csv"
    assert "most often: price missing or not positive (" in said
    assert said.endswith(f"the rows are in {kept}")
    assert kept.read_text().count("price missing or not positive") > 250
    assert not out.exists()
    call(*arguments, "--max-quarantine", "60")
    assert load_tape(out).bars.open.min() > 0


def test_bad_prints_and_splits_are_shown_wherever_a_tape_is(tmp_path):
    bars = minute_bars("2024-03-06", "2024-03-12")
    bars.loc[:779, ["open", "high", "low", "close"]] *= 4
    bars.loc[100, "high"] *= 100
    file = write_bars(bars, tmp_path / "bars.csv")
    (tmp_path / "splits.csv").write_text("date,ratio\n2024-03-08,4\n")
    call("import", "--bars", file, "--out", tmp_path / "tape", fails=TapeError)
    printed = [
        call(
            "import", "--bars", file, "--out", tmp_path / "tape", "--splits", tmp_path / "splits.csv"
        ).stdout,
        call("check", tmp_path / "tape").stdout,
        call("show", tmp_path / "tape").stdout,
    ]
    for text in printed:
        assert re.search(r"bad prints +1 bar: open or close stands for a high or low off the market", text)
        assert re.search(r"^2024-03-06 11:10 +9,9\d\d\.\d+ +99\.\d+ ", text, re.MULTILINE)
        assert re.search(r"splits +adjusted for 2024-03-08 4:1\n", text)
    call("import", "--bars", file, "--out", tmp_path / "kept", "--keep-splits")
    assert "kept as they are, though like splits: 2024-03-08 4:1" in call("show", tmp_path / "kept").stdout


@pytest.mark.parametrize("command", ["import", "check", "show"])
def test_help_shows_an_example(command):
    assert "Example: newsvol tape" in call(command, "--help").stdout
