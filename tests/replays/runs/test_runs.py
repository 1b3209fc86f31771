import json
import shutil

import numpy as np
import pytest

from newsvol.engine.errors import RunError
from newsvol.replays.runs.comparison import compare_runs
from newsvol.replays.runs.reader import find_run, list_runs, load_run
from newsvol.replays.runs.schema import Metrics


def _edit(file, change):
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def test_a_run_folder_is_read_with_its_manifest_metrics_and_tables(make_run):
    run = load_run(make_run(sessions=5, headlines=9))
    assert run.manifest.tape.sessions == 5
    assert run.metrics.span.headlines == 9
    assert run.table("scores").num_rows == 9
    assert run.table("equity", ["price"]).column_names == ["price"]
    assert "vol_target" in run.recipe_text


def test_the_traded_forecast_and_its_rivals_are_told_from_the_metrics(make_run):
    metrics = load_run(make_run()).metrics
    assert (metrics.forecast.main, metrics.forecast.har) == ("fused", "log-har-p")
    assert metrics.forecast.best("naive") == "diurnal-ewma"
    assert (metrics.main_strategy, metrics.buy_and_hold) == ("vol_target", "buy_and_hold")


def test_a_run_without_har_is_compared_with_the_naive_forecasts_alone(make_run):
    folder = make_run()
    _edit(folder / "metrics.json", lambda metrics: metrics["forecast"]["models"].pop("log-har-p"))
    forecast = load_run(folder).metrics.forecast
    assert forecast.har is None
    assert forecast.main == "fused"


def test_keys_that_are_not_known_are_kept(make_run):
    folder = make_run()
    _edit(folder / "metrics.json", lambda metrics: metrics.update(extra={"a": 1}))
    assert load_run(folder).as_json()["metrics"]["extra"] == {"a": 1}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_becomes_null_in_json(make_run, value):
    folder = make_run()

    def spoil(metrics):
        metrics["strategies"]["vol_target"]["fills"]["worst"]["sharpe"] = value

    _edit(folder / "metrics.json", spoil)
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
    _edit(folder / "manifest.json", lambda manifest: manifest.update(format=99))
    with pytest.raises(RunError, match="has run format 99, this version reads 1"):
        load_run(folder)


@pytest.mark.parametrize("text", ["{", "", "[]", "null", '{"span": 1}', "\x00"])
def test_damaged_metrics_are_one_line(make_run, text):
    folder = make_run()
    (folder / "metrics.json").write_text(text)
    with pytest.raises(RunError, match=r"metrics\.json is damaged") as caught:
        load_run(folder)
    assert "\n" not in str(caught.value)


def test_a_damaged_metric_is_named_by_its_place(make_run):
    folder = make_run()

    def spoil(metrics):
        metrics["strategies"]["vol_target"]["fills"]["worst"]["sharpe"] = "high"

    _edit(folder / "metrics.json", spoil)
    with pytest.raises(RunError, match=r"strategies\.vol_target\.fills\.worst\.sharpe"):
        load_run(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["strategies"].pop("buy_and_hold"), "no buy_and_hold"),
        (lambda m: m["strategies"]["vol_target"]["fills"].pop("worst"), "fills lacks worst"),
        (lambda m: m["latency"]["stages"]["headline"].pop("total"), "headline lacks total"),
        (lambda m: m["forecast"].update(models={}), "no naive forecaster"),
    ],
)
def test_metrics_without_a_baseline_are_refused(make_run, change, message):
    folder = make_run()
    _edit(folder / "metrics.json", change)
    with pytest.raises(RunError, match=message):
        load_run(folder)


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


def test_equal_runs_differ_in_nothing(make_run):
    comparison = compare_runs(load_run(make_run("a")), load_run(make_run("b")))
    assert comparison.settings == []
    assert comparison.recipe == []
    assert comparison.like_for_like
    assert all(pair.change in (0, None) for pair in comparison.metrics)


def test_what_differs_is_named_once(make_run):
    comparison = compare_runs(load_run(make_run("a")), load_run(make_run("b", seed=8, latency="zero")))
    assert {one.key: (one.first, one.second) for one in comparison.settings} == {
        "seed": (7, 8),
        "latency": ("measured", "zero"),
    }
    assert comparison.recipe == []


def test_a_recipe_key_that_differs_is_named_by_its_path(make_run):
    first, second = make_run("a"), make_run("b")
    recipe = second / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("- vol_target\n", "- vol_target_2\n"))
    (difference,) = compare_runs(load_run(first), load_run(second)).recipe
    assert (difference.key, difference.second) == ("strategies[0]", "vol_target_2")


def test_runs_of_different_tapes_are_not_like_for_like(make_run):
    other = load_run(make_run("b", tape_hash="sha256:00"))
    assert not compare_runs(load_run(make_run("a")), other).like_for_like


def test_a_metric_that_one_run_lacks_has_no_change(make_run):
    folder = make_run("b")
    _edit(folder / "metrics.json", lambda metrics: metrics["strategies"].pop("news_tone"))
    pairs = compare_runs(load_run(make_run("a")), load_run(folder)).metrics
    lacking = [pair for pair in pairs if "news_tone" in pair.key]
    assert lacking
    assert all(pair.second is None and pair.change is None for pair in lacking)


def test_changes_are_second_minus_first(make_run):
    pairs = compare_runs(load_run(make_run("a")), load_run(make_run("b", seed=3))).metrics
    for pair in pairs:
        if pair.change is not None:
            assert np.isclose(pair.change, pair.second - pair.first)


def test_metrics_are_checked_from_the_dict_that_was_written(make_run):
    raw = json.loads((make_run() / "metrics.json").read_text())
    assert Metrics.model_validate(raw).span.bars == raw["span"]["bars"]
