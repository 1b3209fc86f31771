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


def test_what_was_learnt_online_is_drawn_where_there_is_some(make_run):
    folder = make_run(sessions=12)
    page = render_report(load_run(folder))
    assert "weights" not in json.loads(unpack(page, "figures"))
    assert 'id="weights"' not in page
    table = pq.read_table(folder / "forecasts.parquet")
    news = np.repeat(np.linspace(0, 1, 12), 7)
    news[:3] = np.nan
    for name, values in (("w:news", news), ("w:har", 1 - news)):
        table = table.append_column(name, pa.array(values))
    pq.write_table(table, folder / "forecasts.parquet")
    page = render_report(load_run(folder))
    drawn = json.loads(unpack(page, "figures"))["weights"]["data"]
    assert 'id="weights"' in page
    assert [trace["name"] for trace in drawn] == ["news", "har"]
    assert drawn[0]["y"][0] is None
    assert drawn[0]["y"][1:] == [round(100 * place / 11, 1) for place in range(1, 12)]
