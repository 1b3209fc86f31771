"""What ``newsvol vol evaluate --out`` writes."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from newsvol.replays.evaluation.volatility.evaluation import Evaluation
from newsvol.replays.folders import new_folder
from newsvol.replays.report.evaluation.page import render_page

PAGE = "evaluation.html"


def write_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """Write the page, ``evaluation.json`` and ``forecasts.parquet`` to a new folder, whole or not at all.

    The table has a row for each scored bucket: open_ns, close_ns, rv, and a variance column ``f:NAME`` for
    each model, so that any other test can be run on it.

    Raises
    ------
    OutputError
        The folder exists and is not empty, or cannot be written.
    """
    buckets = evaluation.history.buckets.take(evaluation.rows)
    columns = {
        "open_ns": buckets.open_ns,
        "close_ns": buckets.close_ns,
        "rv": evaluation.history.measures.rv[evaluation.rows],
        **{
            f"f:{name}": evaluation.lineup.variance[name][evaluation.rows] for name in evaluation.board.models
        },
    }
    with new_folder(folder) as making:
        (making / "evaluation.json").write_text(
            json.dumps(evaluation.as_json(), indent=1) + "\n", encoding="utf-8"
        )
        (making / PAGE).write_text(render_page(evaluation), encoding="utf-8")
        pq.write_table(pa.table(columns), making / "forecasts.parquet", compression="zstd")
