"""Models side by side on labelled texts."""

import csv
import json
from pathlib import Path

import pytest

from newsvol.engine.errors import InputError
from newsvol.models.sentiment.comparison import (
    COLUMNS,
    ComparisonRequest,
    compare,
    pareto_front,
    write_comparison,
)


def labelled(file: Path, start: int) -> Path:
    tones = {"rose": "positive", "fell": "negative", "met": "neutral"}
    rows = [
        f"bank {verb} {n} of {n * n}" + f",{tone}"
        for n in range(start, start + 20)
        for verb, tone in tones.items()
    ]
    file.write_text("\n".join(["text,label", *rows]) + "\n")
    return file


def test_a_comparison_has_models_baselines_and_a_reference(tiny_start: Path, tmp_path: Path) -> None:
    models = (str(tiny_start), f"{tiny_start}-int8")
    files = labelled(tmp_path / "test.csv", 0), labelled(tmp_path / "train.csv", 100)
    result = compare(ComparisonRequest(models, files[0], models[0], files[1], timed=0))
    assert list(result["models"]) == ["majority", "tfidf_logistic", *models]
    assert result["models"]["majority"]["accuracy"] == pytest.approx(1 / 3, abs=1e-4)
    assert result["models"]["tfidf_logistic"]["accuracy"] > 0.9
    assert result["models"][models[0]]["agreement"] == 1.0
    assert result["models"][models[1]]["bytes"] != result["models"][models[0]]["bytes"]
    write_comparison(result, tmp_path)
    with (tmp_path / "comparison.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["model"] for row in rows] == list(result["models"])
    assert json.loads((tmp_path / "comparison.json").read_text()) == result


def test_a_baseline_that_has_seen_the_test_texts_is_refused(tiny_start: Path, tmp_path: Path) -> None:
    files = labelled(tmp_path / "test.csv", 0), labelled(tmp_path / "train.csv", 10)
    with pytest.raises(InputError, match="30 of its texts are among those that are tested"):
        compare(ComparisonRequest((str(tiny_start),), files[0], str(tiny_start), files[1], timed=0))


def test_the_front_is_what_no_other_beats_in_both_ways() -> None:
    points = {"fast": (1.0, 0.7), "good": (3.0, 0.9), "beaten": (2.0, 0.6), "equal": (4.0, 0.9)}
    assert pareto_front(points) == ["fast", "good"]
