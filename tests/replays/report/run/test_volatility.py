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


def test_nothing_is_drawn_where_there_are_no_bars(make_run):
    figures = json.loads(unpack(render_report(load_run(make_run(sessions=12, empty=(5, 6)))), "figures"))
    for name, per_session in (("volatility", 1), ("volatility-buckets", 7)):
        silent = slice(5 * per_session, 7 * per_session)
        for trace in figures[name]["data"]:
            assert set(trace["y"][silent]) == {None}, trace["name"]
            assert trace["y"][5 * per_session - 1] is not None
            assert trace["y"][7 * per_session] is not None
