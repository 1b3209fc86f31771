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


def test_a_plug_in_that_was_changed_is_named_in_one_line(make_run):
    calm = {"module": "calm", "module_hash": "sha256:" + "7" * 64, "package": "mine", "version": "1.2"}
    first = load_run(make_run("a", plug_ins={"strategy calm": calm}))
    second = load_run(make_run("b", plug_ins={"strategy calm": calm | {"version": "1.3"}}))
    (difference,) = compare_runs(first, second).settings
    assert difference.key == "strategy calm"
    assert (difference.first, difference.second) == (
        "calm of mine 1.2 (777777777777)",
        "calm of mine 1.3 (777777777777)",
    )


def test_of_a_recording_that_was_charged_only_what_was_forced_is_named(make_run):
    recording = {
        "folder": "runs/first", "run_id": "0123456789abcdef", "recording_hash": "sha256:" + "56" * 32,
        "latency": "measured", "device": "cuda", "machine": {"processor": "Other CPU"}, "versions": {},
        "forced": [],
    }  # fmt: skip
    plain, charged = load_run(make_run("a")), load_run(make_run("b", recording=recording))
    assert compare_runs(plain, charged).settings == []
    forced = load_run(make_run("c", recording=recording | {"forced": ["seed: 7 recorded, 8 here"]}))
    (difference,) = compare_runs(plain, forced).settings
    assert (difference.key, difference.first) == ("forced", None)
    assert difference.second == "seed: 7 recorded, 8 here"
