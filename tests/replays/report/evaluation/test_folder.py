"""The folder of an evaluation."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from newsvol.replays.evaluation.volatility.evaluation import Evaluation
from newsvol.replays.report.evaluation.folder import write_evaluation
from newsvol.replays.report.evaluation.page import render_page


def test_the_folder_holds_every_scored_forecast(found: Evaluation, tmp_path: Path) -> None:
    write_evaluation(found, tmp_path / "out")
    table = pq.read_table(tmp_path / "out" / "forecasts.parquet")
    assert table.num_rows == found.rows.sum()
    assert [name for name in table.column_names if name.startswith("f:")] == [
        f"f:{name}" for name in found.board.models
    ]
    content = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert content == found.as_json()
    page = (tmp_path / "out" / "evaluation.html").read_text(encoding="utf-8")
    assert page == render_page(found)
    for name, score in found.board.models.items():
        assert name in page
        assert f"{score.qlike:.4f}" in page
    assert "made up" in page
