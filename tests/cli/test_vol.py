"""``newsvol vol``: tables that fit, JSON that is JSON, and one line for what the user can mend."""

import io
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from newsvol.cli.vol.commands import vol
from newsvol.cli.vol.tables import print_evaluation, print_sweep
from newsvol.engine.arrays import NS_PER_HOUR, FloatArray
from newsvol.replays.evaluation.volatility.evaluation import Evaluation, Request, evaluate
from newsvol.replays.evaluation.volatility.sweep import Grid, sweep
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.tapes.tape import Tape, load_tape, save_tape
from newsvol.signals.volatility.prior import read_prior, us_prior
from newsvol.signals.volatility.schedule import Schedule

NAMED = ("--forecaster", "log-har-p")


@pytest.fixture(scope="module")
def folder(planted: tuple[Tape, FloatArray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tapes") / "planted"
    save_tape(planted[0], place)
    return place


@pytest.fixture(scope="module")
def found(planted: tuple[Tape, FloatArray], recipe: Recipe) -> Evaluation:
    stamps = planted[0].sessions.open_ns[::20]
    schedule = Schedule(np.full(len(stamps), "CPI", dtype=object), stamps)
    asked = Request(("log-har-p", "log-har-p-leverage"), schedule=schedule, shuffles=5)
    return evaluate(*planted[:1], recipe, planted[1], asked)


def run(*words: str) -> Result:
    return CliRunner().invoke(vol, words, catch_exceptions=False)


def refused(*words: str) -> str:
    """What `main` would print before it exits with 2."""
    from newsvol.engine.errors import InputError

    with pytest.raises(InputError) as error:
        run(*words)
    assert "\n" not in str(error.value)
    return str(error.value)


def shown(found: Evaluation, width: int = 90, terminal: bool = True) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, color_system=None, legacy_windows=False)
    print_evaluation(console, found)
    return out.getvalue()


def test_no_table_is_wider_than_ninety_columns(found: Evaluation) -> None:
    text = shown(found)
    assert "…" not in text
    # sentences are for copying and not broken; every other line is a table's
    rows = [line for line in text.splitlines() if "  " in line.strip()]
    assert max(map(len, rows)) <= 90
    for name in found.board.models:
        assert [line for line in rows if line.startswith(name)]


def test_tables_hold_the_numbers(found: Evaluation) -> None:
    text = shown(found)
    for score in found.board.models.values():
        assert f"{score.qlike:.4f}" in text
        assert f"{score.mz.slope:.3f}" in text
    assert found.news is not None
    for trial in found.news.trials:
        assert trial.what in text
        assert f"{trial.qlike:.4f}" in text
    assert "looks ahead" in text


def test_piped_tables_are_plain_ascii(found: Evaluation) -> None:
    assert shown(found, terminal=False).isascii()


def test_a_sweep_prints_its_trials_and_one_test_score(
    planted: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    result = sweep(planted[0], recipe, planted[1], grid=Grid((500,), (100.0,), ((1.0,), (1.0, 4.0))))
    out = io.StringIO()
    print_sweep(Console(file=out, width=90), result)
    assert "3 trials on" in out.getvalue()
    assert out.getvalue().count("scored once") == 1


def test_evaluate_writes_a_folder_and_json(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("evaluate", "--tape", str(folder), *NAMED, "--no-news", "--json", "--out", str(out))
    assert done.exit_code == 0
    content = json.loads(done.stdout)
    assert content["models"]["log-har-p"]["qlike"] < content["models"]["har"]["qlike"]
    assert sorted(file.name for file in out.iterdir()) == [
        "evaluation.html",
        "evaluation.json",
        "forecasts.parquet",
    ]


def test_evaluate_prints_where_the_page_is(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run(
        "evaluate", "--tape", str(folder), *NAMED, "--no-news", "--from", "2023-10-02", "--out", str(out)
    )
    assert done.stdout.splitlines()[-1] == f"Page: {out / 'evaluation.html'}"
    assert "from 2023-10-02" in done.stdout


def test_sweep_takes_a_grid(folder: Path) -> None:
    done = run("sweep", "--tape", str(folder), "--no-news", "--window", "300", "--window", "900", "--json")
    assert [trial["window"] for trial in json.loads(done.stdout)["tried"]] == [300, 900]


@pytest.mark.parametrize("command", ["evaluate", "sweep"])
def test_what_the_user_can_mend_is_one_line(folder: Path, command: str) -> None:
    at = (command, "--tape", str(folder), "--no-news")
    assert "did you mean 'log-har-p'" in refused(*at, "--forecaster", "loghar-p")
    assert "after the tape's last day" in refused(*at, "--from", "2031-01-01")
    assert "is not a tape" in refused(command, "--tape", str(folder.parent))


def test_scheduled_events_are_read_and_used(
    folder: Path, planted: tuple[Tape, FloatArray], tmp_path: Path
) -> None:
    stamps = planted[0].sessions.open_ns[29::30] + int(4.5 * NS_PER_HOUR)
    lines = [f"FOMC,{np.datetime64(int(stamp), 'ns').astype('datetime64[s]')}" for stamp in stamps]
    file = tmp_path / "events.csv"
    file.write_text("\n".join(["event,ts_utc", *lines]) + "\n", encoding="utf-8")
    at = ("evaluate", "--tape", str(folder), "--no-news", "--json", "--forecaster", "log-har-p-events")
    content = json.loads(run(*at, "--events", str(file)).stdout)
    assert "log-har-p-events" in content["models"]
    assert {row["group"] for row in content["cuts"] if row["cut"] == "event day"} == {
        "event day",
        "other day",
    }
    assert "give them with --events us, or --events FILE" in refused(*at)
    assert "unknown event 'FOMX'" in refused(*at, "--events", str(file), "--event", "FOMX")
    named = json.loads(run(*at, "--event", "FOMC").stdout)
    assert list(named["events"]) == ["FOMC"]
    assert "leaves all of them out" in refused(*at, "--events", "none", "--event", "FOMC")


def test_a_folder_that_is_taken_is_refused_before_the_work(folder: Path) -> None:
    assert "exists already" in refused("evaluate", "--tape", str(folder), "--out", str(folder))


def test_half_lives_that_are_no_numbers_are_refused(folder: Path) -> None:
    done = run("sweep", "--tape", str(folder), "--no-news", "--half-lives", "1,x")
    assert done.exit_code == 2
    assert "write hours with commas" in done.output


def test_the_calendar_is_shown() -> None:
    shown = run("calendar", "--from", "2020-03-10", "--to", "2020-03-20").stdout
    assert "FOMC" in shown
    assert "Announced as they happened, so never used: 17 FOMC" in shown
    assert "planned from 2019-05-18 04:00 on, called off 2020-03-16 04:00" in shown
    content = json.loads(run("calendar", "--json", "--from", "2026-12-01").stdout)
    assert content["series"]["CPI"]["usual_time"] == "08:30"
    assert content["series"]["FOMC"]["unscheduled"] == 17
    assert [event["event"] for event in content["events"]][:3] == ["NFP", "FOMC", "CPI"]
    assert content["events"][1]["new_york"] == "Wed 2026-12-09 14:00"
    assert "events" not in json.loads(run("calendar", "--json").stdout)


def test_the_calendar_counts_what_lies_on_a_tape(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("event,ts_utc\nA,2023-02-01T15:00\nA,2023-02-08T15:00\nB,2031-01-01T15:00\n")
    at = ("calendar", "--events", str(file), "--tape", str(folder))
    assert "On the tape (SYNTH): 2 A, 0 B" in run(*at).stdout
    assert "A does not reach over the whole tape: there a forecast knows of none" in run(*at).stdout
    assert json.loads(run(*at, "--json").stdout)["out_of_reach"] == ["A"]


def test_a_calendar_that_cannot_be_shown_is_one_line() -> None:
    assert refused("calendar", "--from", "2025-02-01", "--to", "2025-01-01") == (
        "--to 2025-01-01 is before --from 2025-02-01"
    )
    assert "cannot read the events in gone.csv" in refused("calendar", "--events", "gone.csv")


def test_the_shipped_prior_is_shown() -> None:
    told = run("prior").output
    assert "Prior us, fitted on" in told
    assert "2025-12-18" in told
    assert "FOMC" in told
    assert "the first forecast comes after 21 buckets" in told
    assert max(len(line) for line in told.splitlines() if line.startswith(("SPY", "FOMC"))) < 80
    shown, shipped = json.loads(run("prior", "--json").output), json.loads(us_prior().read_text())
    assert shown.pop("coefficients") == pytest.approx(shipped.pop("coefficients"), abs=0.002)
    assert shown == shipped


def test_a_prior_is_fitted_shown_and_used(folder: Path, tmp_path: Path) -> None:
    made_up = load_tape(folder)
    tape = tmp_path / "real"
    save_tape(replace(made_up, info=replace(made_up.info, origin={}, instrument="ABC")), tape)
    file = tmp_path / "new" / "mine.json"
    until = str(made_up.days()[0] + timedelta(days=90))
    told = run("prior", "--fit", str(tape), "--until", until, "--events", "none", "--out", str(file)).output
    assert "ABC" in told
    prior = read_prior(file)
    assert prior.symbols == ("ABC",)
    assert str(prior.last) <= until
    assert prior.columns[-1] == "overnight"
    assert prior.members[0].tape_hash == load_tape(tape).until(date.fromisoformat(until)).content_hash()
    assert "exists already" in refused("prior", "--fit", str(tape), "--out", str(file))
    shown = run("prior", "--file", str(file)).output
    assert "ABC" in shown
    words = ("--no-news", "--forecaster", "log-har-p", "--set", f"volatility.prior={file}", "--json")
    found = json.loads(run("evaluate", "--tape", str(folder), *words).output)
    assert found["prior"]["source"] == "mine.json"


def test_a_prior_of_what_is_none_is_refused_in_a_line(folder: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "mine.json")
    assert "is a synthetic market" in refused("prior", "--fit", str(folder), "--out", out)
    assert "needs a file to go to" in refused("prior", "--fit", str(folder))
    assert "say on what with --fit" in refused("prior", "--out", out)
    assert "cannot be read" in refused("prior", "--file", str(tmp_path / "gone.json"))
    assert not Path(out).exists()
