"""Where the time went."""

import json

import pyarrow.parquet as pq
import pytest
from report_pages import unpack

from newsvol.engine.errors import RunError
from newsvol.replays.report.run.report import render_report
from newsvol.replays.runs.reader import load_run


def test_a_run_without_latency_says_so_and_draws_none(make_run):
    page = render_report(load_run(make_run(latency="zero")))
    assert "Every tick took no time" in page
    assert "with no model time charged" in page
    assert "latency-total" not in json.loads(unpack(page, "figures"))


def test_the_stages_drawn_add_up_to_the_mean_of_the_metrics(make_run):
    run = load_run(make_run(headlines=60))
    bars = json.loads(unpack(render_report(run), "figures"))["latency-stages"]["data"]
    drawn = sum(bar["x"][1] for bar in bars if bar["xaxis"] == "x")
    assert drawn == pytest.approx(run.metrics.latency.stages["headline"]["total"].mean_ms, abs=1e-3)


def test_a_ledger_that_goes_backwards_is_damaged(make_run):
    folder = make_run()
    table = pq.read_table(folder / "ledger.parquet")
    place = table.column_names.index("scored_ns")
    pq.write_table(
        table.set_column(place, "scored_ns", table.column("available_ns")), folder / "ledger.parquet"
    )
    with pytest.raises(RunError, match=r"ledger\.parquet is damaged"):
        render_report(load_run(folder))
