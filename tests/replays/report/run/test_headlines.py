"""Headlines over the price."""

import json

import pytest
from report_pages import unpack

from newsvol.replays.report.run.report import render_report
from newsvol.replays.runs.reader import load_run


def test_a_run_without_headlines_has_a_report(make_run):
    page = render_report(load_run(make_run(headlines=0)))
    assert "The tape has no headlines" in page
    assert "headlines" not in json.loads(unpack(page, "figures"))


def test_a_headline_stands_at_the_last_price_known_then(make_run):
    run = load_run(make_run())
    figure = json.loads(unpack(render_report(run), "figures"))["headlines"]
    equity, scores = run.table("equity"), run.table("scores")
    closes, prices = equity.column("close_ns").to_numpy(), equity.column("price").to_numpy()
    for available, drawn in zip(
        scores.column("available_ns").to_numpy(), figure["data"][1]["y"], strict=True
    ):
        known = prices[closes <= available]
        assert drawn == pytest.approx(known[-1] if len(known) else prices[0], abs=0.006)


def test_the_price_breaks_where_sessions_have_no_bars(make_run):
    figures = json.loads(unpack(render_report(load_run(make_run(sessions=12, empty=(5, 6)))), "figures"))
    price = figures["headlines"]["data"][0]["y"]
    assert [place for place, close in enumerate(price) if close is None] == list(range(35, 49))
