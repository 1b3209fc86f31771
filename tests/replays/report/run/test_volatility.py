"""Forecast against realized volatility."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from report_pages import unpack

from newsvol.replays.report.run.report import render_report
from newsvol.replays.runs.reader import load_run


def test_a_run_without_any_forecast_has_a_report(make_run):
    folder = make_run()
    table = pq.read_table(folder / "forecasts.parquet")
    for name in [name for name in table.column_names if name.startswith("f:")]:
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array(np.full(table.num_rows, np.nan)))
    pq.write_table(table, folder / "forecasts.parquet")
    assert "equity" in json.loads(unpack(render_report(load_run(folder)), "figures"))
