"""Run folders: read, listed, found, and refused in one line."""

import json
import shutil

import pytest
from run_factory import edit_json

from newsvol.engine.errors import RunError
from newsvol.replays.runs.reader import find_run, list_runs, load_run


def test_a_run_folder_is_read_with_its_manifest_metrics_and_tables(make_run):
    run = load_run(make_run(sessions=5, headlines=9))
    assert run.manifest.tape.sessions == 5
    assert run.metrics.span.headlines == 9
    assert run.table("scores").num_rows == 9
    assert run.table("equity", ["price"]).column_names == ["price"]
    assert "vol_target" in run.recipe_text


def test_keys_that_are_not_known_are_kept(make_run):
    folder = make_run()
    edit_json(folder / "metrics.json", lambda metrics: metrics.update(extra={"a": 1}))
    assert load_run(folder).as_json()["metrics"]["extra"] == {"a": 1}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_becomes_null_in_json(make_run, value):
    folder = make_run()

    def spoil(metrics):
        metrics["strategies"]["vol_target"]["fills"]["worst"]["sharpe"] = value

    edit_json(folder / "metrics.json", spoil)
    text = json.dumps(load_run(folder).as_json(), allow_nan=False)
    assert json.loads(text)["metrics"]["strategies"]["vol_target"]["fills"]["worst"]["sharpe"] is None


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(RunError, match=r"no run folder .*gone.*newsvol runs list"):
        load_run(tmp_path / "gone")


def test_a_folder_without_manifest_is_no_run(tmp_path):
    with pytest.raises(RunError, match="is not a run folder"):
        load_run(tmp_path)


def test_a_run_of_another_format_is_refused(make_run):
    folder = make_run()
    edit_json(folder / "manifest.json", lambda manifest: manifest.update(format=99))
    with pytest.raises(RunError, match="has run format 99, this version reads 2"):
        load_run(folder)


@pytest.mark.parametrize("text", ["{", "", "[]", "null", '{"span": 1}', "\x00"])
def test_damaged_metrics_are_one_line(make_run, text):
    folder = make_run()
    (folder / "metrics.json").write_text(text)
    with pytest.raises(RunError, match=r"metrics\.json is damaged") as caught:
        load_run(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("spoil", "message"), [
    (lambda file: file.unlink(), "cannot be read"),
    (lambda file: file.write_bytes(b"PAR1 no more"), "cannot be read"),
])  # fmt: skip
def test_a_damaged_table_is_one_line(make_run, spoil, message):
    folder = make_run()
    spoil(folder / "equity.parquet")
    with pytest.raises(RunError, match=message) as caught:
        load_run(folder).table("equity")
    assert "\n" not in str(caught.value)


def test_a_missing_column_is_named(make_run):
    with pytest.raises(RunError, match="has no column f:nothing"):
        load_run(make_run()).table("forecasts", ["rv", "f:nothing"])


def test_runs_are_listed_by_name_and_a_damaged_one_hides_nobody(make_run, tmp_path):
    make_run("b")
    make_run("a")
    shutil.copytree(tmp_path / "runs" / "a", tmp_path / "runs" / ".a-in-the-making")
    (tmp_path / "runs" / "notes").mkdir()
    (make_run("c") / "metrics.json").write_text("{")
    runs, damaged = list_runs(tmp_path / "runs")
    assert [run.folder.name for run in runs] == ["a", "b"]
    assert len(damaged) == 1
    assert "metrics.json is damaged" in str(damaged[0])


def test_a_missing_root_is_named(tmp_path):
    with pytest.raises(RunError, match=r"no folder .*nowhere; .*--root"):
        list_runs(tmp_path / "nowhere")


def test_a_run_is_found_by_path_or_by_name_under_the_root(make_run, tmp_path):
    folder = make_run("spy-news")
    assert find_run(str(folder), tmp_path / "elsewhere").folder == folder
    assert find_run("spy-news", tmp_path / "runs").folder == folder


def test_a_run_that_is_not_there_suggests_the_nearest(make_run, tmp_path):
    make_run("spy-news")
    with pytest.raises(RunError, match=r"no run 'spy-nws' .*did you mean 'spy-news'"):
        find_run("spy-nws", tmp_path / "runs")
    with pytest.raises(RunError, match=r"no run 'x' .*newsvol runs list"):
        find_run("x", tmp_path / "nowhere")
