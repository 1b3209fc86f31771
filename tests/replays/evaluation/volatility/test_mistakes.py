"""What docs/mistakes.md says in words is what the results file says in numbers."""

import json
from pathlib import Path
from typing import Any

import pytest

RESULTS = Path(__file__).parents[4] / "benchmarks" / "results" / "mistakes.json"


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    content = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_persistence_looks_like_an_oracle_against_what_was_known_already(made: dict[str, Any]) -> None:
    known = made["input"]
    assert known["persistence, the rolling week"]["r2_vol"] > 0.99
    assert known["persistence, the next bucket"]["r2_vol"] < 0.6
    assert known["model, its last input"]["qlike"] < 0.7 * known["model, the next bucket"]["qlike"]


def test_min_max_units_shrink_any_error(made: dict[str, Any]) -> None:
    units = made["units"]
    assert units["model"]["rmse_min_max"] < 0.1 * units["model"]["rmse_of_mean"]
    assert 2.5 < units["model"]["rmse_min_max_past"] / units["model"]["rmse_min_max"] < 3.0
    # the past mean explains nothing, and its error is small all the same
    assert units["past mean"]["rmse_min_max"] < 0.1
    assert units["past mean"]["r2_vol"] < 0


def test_the_hour_is_everything_and_the_minute_hardly_matters(made: dict[str, Any]) -> None:
    honest, delay = made["honest"]["qlike"], made["delay"]
    assert delay["hourly bars used at their start"]["qlike"] < 0.3 * honest
    assert delay["minute bars used at their start"]["qlike"] == pytest.approx(honest, rel=0.02)


def test_the_same_headlines_seem_to_help_only_when_they_are_early(made: dict[str, Any]) -> None:
    honest, delay = made["honest"]["qlike"], made["delay"]
    assert delay["news, as available"]["qlike"] > honest
    assert delay["news, an hour early"]["qlike"] < honest
    assert delay["news, at midnight of its day"]["qlike"] < honest


def test_what_fitting_on_the_test_span_does(made: dict[str, Any]) -> None:
    honest, fit = made["honest"], made["fit"]
    curve = fit["diurnal curve of the whole sample"]
    assert curve["r2_vol"] > honest["r2_vol"]
    assert curve["qlike"] > honest["qlike"]
    assert fit["coefficients of the whole sample"]["qlike"] < honest["qlike"]
    assert fit["best settings on the test span"]["qlike"] < fit["best settings on a validation span"]["qlike"]
