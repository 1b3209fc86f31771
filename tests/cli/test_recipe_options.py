"""``--from``, ``--to``, ``--set``, ``--seed`` and ``--name``, the same on every command with a recipe."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from newsvol.cli.main import cli
from newsvol.cli.recipe_options import _complete_key
from newsvol.engine.errors import RecipeError

OPTIONS = ("--from", "--to", "--set", "--seed", "--name")


def printed_recipe(*options: str) -> dict[str, object]:
    said = CliRunner().invoke(cli, ["replay", "--print-recipe", *options], catch_exceptions=False)
    assert said.exit_code == 0, said.output
    content: dict[str, object] = yaml.safe_load(said.stdout)
    return content


@pytest.mark.parametrize("command", [("replay",), ("audit",), ("vol", "evaluate"), ("vol", "sweep")])
def test_every_command_with_a_recipe_has_them(command: tuple[str, ...]) -> None:
    said = CliRunner().invoke(cli, [*command, "--help"])
    for option in OPTIONS:
        assert option in said.stdout


def test_any_key_can_be_set_and_keeps_its_type() -> None:
    recipe = printed_recipe(
        *("--set", "fusion.half_lives_hours=[1, 4]", "--set", "volatility.forecaster=har"),
        *("--set", "strategies.vol_target.target_vol_pct=12", "--seed", "3", "--name", "mine"),
        *("--from", "2023-06-01", "--to", "2023-07-31"),
    )
    assert recipe["fusion"]["half_lives_hours"] == [1.0, 4.0]  # type: ignore[index]
    assert recipe["volatility"]["forecaster"] == "har"  # type: ignore[index]
    assert recipe["strategies"][0] == {"name": "vol_target", "target_vol_pct": 12}  # type: ignore[index]
    assert (recipe["seed"], recipe["name"]) == (3, "mine")
    assert recipe["span"] == {"first": "2023-06-01", "last": "2023-07-31"}


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("fusion.rigde=3", "unknown key 'fusion.rigde'; did you mean 'ridge'"),
        ("seed.x=3", "'seed' holds no keys"),
        ("fusion", "write KEY=VALUE"),
        ("fusion..ridge=3", "write KEY=VALUE"),
        ("strategies.vol_targt.k=3", "did you mean 'vol_target'"),
        ("cash=[", "is not YAML"),
    ],
)
def test_what_cannot_be_set_is_said(assignment: str, words: str) -> None:
    said = CliRunner().invoke(cli, ["replay", "--print-recipe", "--set", assignment])
    assert words in str(said.exception)


def test_every_fault_is_told_at_once() -> None:
    wrong = ["--set", "fusion.rigde=3", "--set", "cash=-1", "--set", "seed=x"]
    said = CliRunner().invoke(cli, ["replay", "--print-recipe", *wrong])
    assert isinstance(said.exception, RecipeError)
    for words in ("'fusion.rigde'", "'cash'", "'seed'"):
        assert words in str(said.exception)


def test_a_recipe_file_names_only_what_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("fusion: {form: none}\n", encoding="utf-8")
    recipe = printed_recipe(str(file))
    assert recipe == {**printed_recipe("--set", "fusion.form=none")}


def test_keys_are_completed() -> None:
    items = [item.value for item in _complete_key(None, None, "fusion.")]  # type: ignore[arg-type]
    keys = ("form", "ridge", "weight", "gate", "half_lives_hours")
    assert items == [f"fusion.{key}=" for key in keys]
