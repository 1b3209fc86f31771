"""Curves of equity."""

import json

from report_pages import unpack

from newsvol.replays.report.run.report import render_report
from newsvol.replays.runs.reader import load_run


def test_curves_start_at_100_when_the_first_forecast_exists(make_run):
    figures = json.loads(unpack(render_report(load_run(make_run(sessions=12))), "figures"))
    curves = [trace for trace in figures["equity"]["data"] if trace.get("yaxis") != "y2"]
    assert {trace["y"][0] for trace in curves} == {100.0}
    # The factory has no forecast in its first two sessions; the row before the third comes first.
    assert {len(trace["x"]) for trace in curves} == {11}


def test_curves_break_where_sessions_have_no_bars(make_run):
    figures = json.loads(unpack(render_report(load_run(make_run(sessions=12, empty=(5, 6)))), "figures"))
    for trace in figures["equity"]["data"]:
        # the row before the third session comes first
        assert [place for place, level in enumerate(trace["y"]) if level is None] == [4, 5]
        assert not trace.get("connectgaps")
