"""An outside series in a recipe and in a run."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newsvol.engine.errors import InputError, TapeError
from newsvol.replays.replay import replay
from newsvol.replays.report.wording import source_notices
from newsvol.replays.simulation.exogenous import recipe_exogenous
from newsvol.replays.simulation.recipe import Recipe, load_recipe
from newsvol.replays.tapes.synth import Market, synthetic_tape
from newsvol.replays.tapes.tape import Tape


@pytest.fixture(scope="module")
def tape() -> Tape:
    """Seventy sessions from January 2023 on."""
    return synthetic_tape(Market(sessions=70, headlines=5))


def series(folder: Path, days: str = "2022-12-01/2023-05-01", scale: float = 1.0) -> Path:
    first, last = days.split("/")
    stamps = np.arange(np.datetime64(first), np.datetime64(last))
    values = scale * np.exp(3 + 0.1 * np.sin(np.arange(len(stamps)) / 5))
    file = folder / "vix.csv"
    file.write_text("\n".join(["date,CLOSE", *map("{},{:.4f}".format, stamps, values)]) + "\n")
    return file


def recipe_of(file: Path | str, forecaster: str = "log-har-p", **section: Any) -> Recipe:
    given = {"file": str(file), "column": "CLOSE", **section}
    short = {"volatility.min_window": 40, "latency.model": "zero", "fusion.form": "none"}
    return load_recipe(changes={"volatility.forecaster": forecaster, "volatility.exogenous": given, **short})


def test_a_recipe_pins_the_series_by_its_contents(tmp_path: Path) -> None:
    recipe = recipe_of(series(tmp_path))
    kept = tmp_path / "recipe.yaml"
    kept.write_text(recipe.to_yaml())
    assert load_recipe(kept) == recipe
    moved = tmp_path / "moved"
    moved.mkdir()
    assert recipe_of(series(moved)).recipe_hash() == recipe.recipe_hash()
    column = recipe_exogenous(recipe)
    assert column is not None
    assert column.name == "CLOSE"
    assert recipe_of(series(tmp_path, scale=2.0)).recipe_hash() != recipe.recipe_hash()
    with pytest.raises(InputError, match="is not the file that the recipe names"):
        load_recipe(kept)
    assert "exogenous" not in load_recipe().to_yaml()
    assert recipe_exogenous(load_recipe()) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"forecaster": "har"}, "'har' takes no series; those that do: log-har-p"),
        ({"column": "CLOES"}, "no column 'CLOES'; did you mean 'close'"),
        ({"transform": "root"}, "transform"),
        ({"available": "noon"}, "available"),
        ({"calendar": "XNYZ"}, "XNYZ"),
        ({"file": "gone.csv"}, "cannot read the series in"),
        ({"colum": "x"}, "colum"),
    ],
)
def test_a_recipe_whose_series_cannot_be_used_is_refused(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as error:
        recipe_of(**{"file": series(tmp_path), **changes})
    assert "\n" not in str(error.value)


def test_a_run_says_which_series_it_read_and_it_matters(tape: Tape, tmp_path: Path) -> None:
    run = replay(tape, recipe_of(series(tmp_path)), tmp_path / "with")
    assert source_notices(run.metrics.forecast) == [
        "OUTSIDE: CLOSE of vix.csv (log_level, known at its close)"
    ]
    plain = load_recipe(changes={"volatility.min_window": 40, "latency.model": "zero", "fusion.form": "none"})
    without = replay(tape, plain, tmp_path / "without")
    assert source_notices(without.metrics.forecast) == []
    losses = [one.metrics.forecast.models["log-har-p"].qlike for one in (run, without)]
    assert losses[0] != losses[1]


def test_buckets_without_a_value_are_counted_and_a_series_of_other_years_is_refused(
    tape: Tape, tmp_path: Path
) -> None:
    run = replay(tape, recipe_of(series(tmp_path, "2022-12-01/2023-03-01")), tmp_path / "short")
    told = source_notices(run.metrics.forecast)[0]
    assert "buckets began without a value, and count it as 0" in told
    with pytest.raises(TapeError, match="has values from 2010-01-04T21:15:00 UTC to 2010-01-08T21:15:00 UTC"):
        replay(tape, recipe_of(series(tmp_path, "2010-01-04/2010-01-09")), tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("forecaster", ["log-har-p", "har-blend-events", "aggregate"])
def test_measured_and_columnar_forecasts_agree(tape: Tape, tmp_path: Path, forecaster: str) -> None:
    recipe = recipe_of(series(tmp_path), forecaster).with_changes("measured")
    run = replay(tape, recipe, tmp_path / "run")
    assert run.metrics.forecast.models[forecaster].qlike is not None
