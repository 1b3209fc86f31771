"""Two runs side by side: what differs is named, once."""

import numpy as np
from run_factory import edit_json

from newsvol.replays.runs.comparison import compare_runs
from newsvol.replays.runs.reader import load_run


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


def test_runs_of_different_days_are_not_like_for_like(make_run):
    other = make_run("b")
    recipe = (other / "recipe.yaml").read_text()
    (other / "recipe.yaml").write_text(recipe + "\nspan: {first: 2024-01-08, last: null}\n")
    assert not compare_runs(load_run(make_run("a")), load_run(other)).like_for_like


def test_a_metric_that_one_run_lacks_has_no_change(make_run):
    folder = make_run("b")
    edit_json(folder / "metrics.json", lambda metrics: metrics["strategies"].pop("news_tone"))
    pairs = compare_runs(load_run(make_run("a")), load_run(folder)).metrics
    lacking = [pair for pair in pairs if "news_tone" in pair.key]
    assert lacking
    assert all(pair.second is None and pair.change is None for pair in lacking)


def test_changes_are_second_minus_first(make_run):
    pairs = compare_runs(load_run(make_run("a")), load_run(make_run("b", seed=3))).metrics
    for pair in pairs:
        if pair.change is not None:
            assert np.isclose(pair.change, pair.second - pair.first)
