"""Recipes: what is wrong is named, with the nearest right thing."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from newsvol.engine.errors import RecipeError
from newsvol.replays.simulation.recipe import Recipe, default_recipe_text, load_recipe, parse_recipe
from newsvol.replays.simulation.session import build_forecaster
from newsvol.signals.volatility.har_specifications import Har


def changed(**changes: Any) -> dict[str, Any]:
    return {**yaml.safe_load(default_recipe_text()), **changes}


def test_the_shipped_recipe_is_valid() -> None:
    assert load_recipe(None).name == "default"


def test_a_recipe_written_out_reads_back_the_same(recipe: Recipe, tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(recipe.to_yaml())
    assert load_recipe(file) == recipe
    assert load_recipe(file).recipe_hash() == recipe.recipe_hash()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (changed(latancy={}), ["'latancy'", "did you mean 'latency'"]),
        ({"name": "x", "latancy": {}}, ["'latancy'", "did you mean 'latency'"]),
        (changed(fusion={"rigde": 3}), ["'fusion.rigde'", "did you mean 'ridge'"]),
        (changed(strategies=[{"name": "vol_targt"}]), ["'vol_targt'", "did you mean 'vol_target'"]),
        (changed(strategies=[{"name": "breakout", "kk": 2}]), ["'kk'", "'breakout'", "'k'"]),
        (changed(strategies=[{"name": "breakout", "k": -2}]), ["breakout", "k is -2"]),
        (changed(strategies=[{"k": 2}]), ["needs a name"]),
        (changed(strategies=[{"name": "breakout"}, {"name": "breakout"}]), ["named twice"]),
        (changed(strategies=[]), ["strategies"]),
        (changed(volatility={"forecaster": "log-har"}), ["'log-har'", "did you mean 'log-har-p'"]),
        (changed(fusion={"form": "sum"}), ["fusion.form", "weighted_sum"]),
        (changed(fill="brigde"), ["did you mean 'bridge'"]),
        (changed(cash=-1), ["cash", "greater than 0"]),
        (changed(costs={"commission_bps": 1, "half_spread_bps": 1}), ["costs.slippage_bps", "missing"]),
        (changed(latency={"model": "mesured", "order_ms": 1}), ["did you mean 'measured'"]),
        (changed(latency={"model": "constant:fast", "order_ms": 1}), ["constant:25"]),
        (changed(name="../up"), ["name"]),
        ([], ["holds no keys"]),
    ],
)
def test_a_wrong_recipe_is_refused_in_one_line_that_names_the_key(content: object, words: list[str]) -> None:
    with pytest.raises(RecipeError) as refusal:
        parse_recipe(content, "my.yaml")
    message = str(refusal.value)
    assert message.startswith("my.yaml")
    assert "\n" not in message
    for word in words:
        assert word in message


def test_a_missing_recipe_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"cannot read recipe .*gone\.yaml"):
        load_recipe(tmp_path / "gone.yaml")


def test_a_file_that_is_not_yaml_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text("name: [unclosed")
    with pytest.raises(RecipeError, match="is not YAML") as refusal:
        load_recipe(file)
    assert "\n" not in str(refusal.value)


def test_naming_strategies_keeps_the_parameters_of_the_recipe() -> None:
    given = parse_recipe(changed(strategies=[{"name": "vol_target", "target_vol_pct": 5.0}]), "test")
    only = given.with_changes(strategies=("vol_target", "breakout"))
    assert only.strategies == ({"name": "vol_target", "target_vol_pct": 5.0}, {"name": "breakout"})


def test_costs_have_no_default() -> None:
    content = changed()
    del content["costs"]
    with pytest.raises(RecipeError, match="'costs' is missing"):
        parse_recipe(content, "test")


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "events.csv"
    file.write_text(text)
    return file


def with_volatility(recipe: Recipe, **volatility: object) -> dict[str, object]:
    return {**recipe.model_dump(), "volatility": volatility}


def test_a_recipe_finds_its_events_beside_it_and_pins_them(recipe: Recipe, tmp_path: Path) -> None:
    events = written(tmp_path, "event,ts_utc\nFOMC,2024-03-20T18:00\n")
    content = with_volatility(recipe, forecaster="log-har-p-events", events="events.csv")
    read = parse_recipe(content, "test", tmp_path)
    assert read.volatility.events == events
    forecaster = build_forecaster(read)
    assert isinstance(forecaster, Har)
    assert forecaster.extra_names[-2:] == ("FOMC", "FOMC+1")
    file = tmp_path / "recipe.yaml"
    file.write_text(read.to_yaml())
    assert load_recipe(file) == read
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / "same.csv").write_bytes(events.read_bytes())
    again = with_volatility(recipe, forecaster="log-har-p-events", events="same.csv")
    assert parse_recipe(again, "test", moved).recipe_hash() == read.recipe_hash()
    events.write_text("event,ts_utc\nFOMC,2024-03-20T19:00\n")
    assert parse_recipe(content, "test", tmp_path).recipe_hash() != read.recipe_hash()
    with pytest.raises(RecipeError, match="is not the file that the recipe names"):
        load_recipe(file)


def test_a_recipe_without_events_hashes_as_before(recipe: Recipe) -> None:
    assert "events" not in recipe.to_yaml()


@pytest.mark.parametrize(
    ("volatility", "words"),
    [
        (
            {"forecaster": "har", "events": "events.csv"},
            "'har' uses none; those that do: log-har-p-events",
        ),
        ({"forecaster": "har", "events": "us"}, "'har' uses none; those that do: log-har-p-events"),
        ({"event_names": ["FOMC"]}, "'log-har-p' uses none; those that do"),
        ({"events": "none", "event_names": ["FOMC"]}, "names events, and volatility.events is none"),
        ({"forecaster": "log-har-p-events", "event_names": ["FMOC"]}, "did you mean 'FOMC'"),
        (
            {"forecaster": "log-har-p-events", "events": "us", "events_hash": "sha256:0"},
            "is not the file that the recipe names",
        ),
        ({"forecaster": "har-blend-events", "events": "gone.csv"}, "cannot read the events"),
        (
            {"forecaster": "log-har-p-events", "events": "events.csv", "event_names": ["FMOC"]},
            "unknown event 'FMOC'; did you mean 'FOMC'",
        ),
    ],
)
def test_a_recipe_whose_events_cannot_be_used_is_refused(
    recipe: Recipe, tmp_path: Path, volatility: dict[str, object], words: str
) -> None:
    written(tmp_path, "event,ts_utc\nFOMC,2024-03-20T18:00\n")
    with pytest.raises(RecipeError, match=words):
        parse_recipe(with_volatility(recipe, **volatility), "test", tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fusion.half_lives_hours", [0.0]),
        ("fusion.half_lives_hours", [-1.0]),
        ("fusion.half_lives_hours", [float("nan")]),
        ("fusion.half_lives_hours", [float("inf")]),
        ("fusion.half_lives_hours", []),
        ("fusion.half_lives_hours", [24 * 365 + 1]),
        ("latency.order_ms", -0.5),
        ("latency.order_ms", float("nan")),
        ("latency.order_ms", float("inf")),
        ("latency.order_ms", 1e30),
        ("name", ".hidden"),
        ("name", ".."),
    ],
)
def test_a_number_or_name_that_no_run_can_use_is_refused_by_its_key(key: str, value: object) -> None:
    with pytest.raises(RecipeError, match=re.escape(key)):
        load_recipe(changes={key: value})


def test_the_longest_half_life_is_a_year():
    assert load_recipe(changes={"fusion.half_lives_hours": [24 * 365]}).fusion.half_lives_hours == (8760,)


@pytest.mark.parametrize("key", ["seed", "fill", "cash", "rebalance_band", "span", "sentiment"])
def test_a_key_that_may_be_left_out_is_then_as_in_the_shipped_recipe(key: str) -> None:
    content = changed()
    content.pop(key, None)
    assert parse_recipe(content, "test") == load_recipe(None)


@pytest.mark.parametrize(
    "span", [{"first": "2023-06-01"}, {"last": "2023-06-01"}, {"first": "2023-06-01", "last": "2023-06-01"}]
)
def test_a_span_may_be_open_at_either_end_or_one_day_long(span: dict[str, str]) -> None:
    given = parse_recipe(changed(span=span), "test").span.model_dump(mode="json", exclude_none=True)
    assert given == span


def test_a_span_that_runs_backwards_is_refused() -> None:
    with pytest.raises(RecipeError, match="last 2023-05-31 is before first 2023-06-01"):
        parse_recipe(changed(span={"first": "2023-06-01", "last": "2023-05-31"}), "test")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("seed.x", "'seed' holds no keys, so there is no 'seed.x'"),
        ("seed.x.y", "'seed.x' holds no keys"),
        ("strategies.vol_targt.target_vol_pct", "no 'strategies.vol_targt'; did you mean 'vol_target'"),
        ("fusion.form.x.y", "'fusion.form.x' holds no keys"),
        ("strategies.vol_target.name.x.y", "'strategies.vol_target.name.x' holds no keys"),
    ],
)
def test_a_path_that_leads_nowhere_is_named_as_far_as_it_leads(key: str, message: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(message)):
        load_recipe(changes={key: 1})


def test_a_bound_on_outliers_is_for_regressions_in_logs() -> None:
    with pytest.raises(
        RecipeError, match=r"names volatility\.outlier_bound, and forecaster 'har' takes none"
    ):
        load_recipe(changes={"volatility.outlier_bound": 20, "volatility.forecaster": "har"})
    with pytest.raises(RecipeError, match="outlier_bound"):
        load_recipe(changes={"volatility.outlier_bound": 1})
    with pytest.raises(RecipeError, match="measure"):
        load_recipe(changes={"volatility.measure": "medrv"})


def test_what_is_measured_as_usual_is_not_written_down() -> None:
    plain = load_recipe()
    assert "outlier_bound" not in plain.to_yaml()
    for changes in ({"volatility.outlier_bound": 20}, {"volatility.measure": "truncated_rv"}):
        assert load_recipe(changes=changes).recipe_hash() != plain.recipe_hash()
