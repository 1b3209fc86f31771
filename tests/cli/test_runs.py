import json

import pytest
from click.testing import CliRunner

from newsvol.cli.runs.commands import runs
from newsvol.engine.errors import RunError


def call(*arguments):
    result = CliRunner().invoke(runs, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result


def test_list_shows_every_run_with_its_outcome(make_run, tmp_path):
    make_run("calm")
    make_run("wild", origin={"synthetic": True})
    lines = call("list", "--root", tmp_path / "runs").stdout.splitlines()
    (calm,) = [line for line in lines if line.startswith("calm")]
    assert calm.split()[1:5] == ["SPY", "20", "Feb", "2024"]
    assert [line for line in lines if line.startswith("wild") and "SPY (synthetic)" in line]


def test_list_as_json_is_json_and_nothing_else(make_run, tmp_path):
    make_run("calm")
    content = json.loads(call("list", "--root", tmp_path / "runs", "--json").stdout)
    assert [run["manifest"]["tape"]["instrument"] for run in content["runs"]] == ["SPY"]
    assert content["damaged"] == []


def test_list_names_a_damaged_run_on_stderr(make_run, tmp_path):
    make_run("calm")
    (make_run("torn") / "metrics.json").write_text("{")
    result = call("list", "--root", tmp_path / "runs")
    assert "torn" not in result.stdout
    assert "left out: " in result.stderr
    assert "torn/metrics.json is damaged" in result.stderr


def test_list_of_an_empty_folder_says_how_to_make_a_run(tmp_path):
    assert "newsvol replay" in call("list", "--root", tmp_path).stdout


def test_show_prints_the_run_and_its_tables(make_run):
    folder = make_run()
    text = call("show", folder).stdout
    assert "12 sessions, 4,680 bars, 40 headlines" in text
    assert "Forecast accuracy" in text
    assert "Latency in ms (measured)" in text
    assert "Report:" not in text
    (folder / "report.html").write_text("")
    assert text + f"\nReport: {folder / 'report.html'}\n" == call("show", folder).stdout


def test_show_says_that_a_market_is_made_up(make_run):
    assert "The market is synthetic" in call("show", make_run(origin={"synthetic": True})).stdout


RECORDING = {
    "folder": "runs/first", "run_id": "0123456789abcdef", "recording_hash": "sha256:" + "56" * 32,
    "latency": "measured", "device": "cuda", "machine": {"processor": "Other CPU"},
    "versions": {"newsvol": "0.1.0"}, "forced": [],
}  # fmt: skip


def test_show_names_the_recording_and_the_machine_it_was_measured_on(make_run):
    text = " ".join(call("show", make_run(recording=RECORDING)).stdout.split())
    assert "charged the recording 565656565656 of runs/first (0123456789abcdef), latency measured" in text
    assert "recorded on: processor Other CPU; newsvol 0.1.0" in text
    assert "FORCED" not in text


def test_show_says_what_was_forced(make_run):
    forced = RECORDING | {"forced": ["seed: 7 recorded, 8 here"]}
    text = " ".join(call("show", make_run(recording=forced)).stdout.split())
    assert "FORCED, the recording is of something else: seed: 7 recorded, 8 here" in text


def test_show_names_plug_ins_with_their_package(make_run):
    calm = {"module": "mine.calm", "module_hash": "sha256:" + "78" * 32, "package": "mine", "version": "1.2"}
    text = " ".join(call("show", make_run(plug_ins={"strategy calm": calm})).stdout.split())
    assert "plug-in: strategy calm, mine.calm of mine 1.2 (787878787878)" in text


def test_show_as_json_holds_manifest_and_metrics(make_run):
    folder = make_run()
    content = json.loads(call("show", folder, "--json").stdout)
    assert content["metrics"] == json.loads((folder / "metrics.json").read_text())
    assert content["manifest"] == json.loads((folder / "manifest.json").read_text())


def test_compare_names_what_differs_and_both_outcomes(make_run, tmp_path):
    make_run("a")
    make_run("b", seed=8)
    text = call("compare", "a", "b", "--root", tmp_path / "runs").stdout
    assert "seed     7      8" in text
    for words in ("fused QLIKE", "vol_target Sharpe", "headline latency p99, ms"):
        assert words in text
    assert "different markets" not in text


def test_compare_warns_when_the_tapes_differ(make_run):
    text = call("compare", make_run("a"), make_run("b", tape_hash="sha256:00")).stdout
    assert "The tapes differ" in text


def test_compare_of_a_run_with_itself_finds_no_difference(make_run):
    folder = make_run()
    assert "Same tape, recipe, model, seed and versions." in call("compare", folder, folder).stdout


def test_compare_as_json_has_every_metric(make_run):
    content = json.loads(call("compare", make_run("a"), make_run("b", seed=8), "--json").stdout)
    assert content["like_for_like"] is True
    assert content["settings"] == [{"key": "seed", "first": 7, "second": 8}]
    pairs = {pair["key"]: pair for pair in content["metrics"]}
    pair = pairs["strategies.vol_target.fills.worst.sharpe"]
    assert pair["change"] == pytest.approx(pair["second"] - pair["first"])


@pytest.mark.parametrize(
    "arguments", [["show", "gone"], ["compare", "gone", "gone"], ["list", "--root", "gone"]]
)
def test_what_is_not_there_is_an_error_of_one_line(arguments, tmp_path):
    with pytest.raises(RunError, match="gone") as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("command", [[], ["list"], ["show"], ["compare"]])
def test_every_help_has_an_example(command):
    assert "Example:\n    newsvol runs" in call(*command, "--help").stdout
