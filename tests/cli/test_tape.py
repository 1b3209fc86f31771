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


@pytest.mark.parametrize("command", ["import", "check", "show"])
def test_help_shows_an_example(command):
    assert "Example: newsvol tape" in call(command, "--help").stdout
