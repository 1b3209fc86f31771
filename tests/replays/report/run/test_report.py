"""The page of a run."""

import json
import re

import plotly.graph_objects as go
import pytest
from report_pages import readable, tags, unpack

from newsvol.engine.errors import OutputError
from newsvol.replays.report.run.report import render_report, write_report
from newsvol.replays.report.series import MAX_POINTS
from newsvol.replays.runs.reader import load_run


def test_the_report_is_written_beside_the_run(make_run):
    folder = make_run()
    report = write_report(folder)
    assert report == folder / "report.html"
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not [file for file in folder.iterdir() if file.name.startswith("tmp")]


def test_the_page_points_nowhere(page):
    shown = readable(page)
    assert not re.findall(r"""(?:src|href)\s*=|url\(|@import|https?://|//cdn""", shown)
    assert "default-src 'none'" in shown


def test_the_same_run_gives_the_same_bytes(make_run):
    run = load_run(make_run())
    assert render_report(run) == render_report(run)


def test_every_figure_has_a_place_and_every_place_a_figure(page):
    figures = json.loads(unpack(page, "figures"))
    places = set(re.findall(r'class="figure" id="([^"]+)"', page))
    assert places | set(re.findall(r'data-view="([^"]+)"', page)) == set(figures)
    assert places == {"volatility", "headlines", "equity", "latency-stages", "latency-total"}


def test_every_figure_is_one_that_plotly_takes(page):
    for figure in json.loads(unpack(page, "figures")).values():
        assert go.Figure(figure).data


def test_every_axis_says_its_unit(page):
    figures = json.loads(unpack(page, "figures"))
    titles = {
        name: [axis["title"]["text"] for key, axis in figure["layout"].items() if re.match(r"yaxis\d*$", key)]
        for name, figure in figures.items()
    }
    assert titles["volatility"] == ["session volatility, % per year"]
    assert titles["volatility-buckets"] == ["volatility, bps per bucket"]
    assert titles["equity"] == ["equity, start = 100", "drawdown, %"]
    assert titles["latency-total"] == ["share of ticks, %"]


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\"quoted\" & 'single' <b>bold</b>",
        "$name ${title} $$ %{y} {{x}}",
        "</title></style><!-- ]]>",
    ],
)
def test_strings_from_outside_cannot_break_the_page(make_run, text):
    folder = make_run(headline_text=text, name=text, headlines=5)
    (folder / "recipe.yaml").write_text(json.dumps({"note": text}))
    page = render_report(load_run(folder))
    assert tags(page) == tags(render_report(load_run(make_run("harmless", headlines=5))))
    label = json.loads(unpack(page, "figures"))["headlines"]["data"][1]["customdata"][0][0]
    assert "<" not in label.replace("<br>", "")
    assert "%{" not in label


def test_a_folder_that_cannot_be_written_is_named(make_run):
    folder = make_run()
    (folder / "report.html").mkdir()
    (folder / "report.html" / "in-the-way").write_text("")
    with pytest.raises(OutputError, match=r"cannot write .*report\.html"):
        write_report(folder)


def test_a_year_of_minutes_makes_a_light_page(make_run):
    run = load_run(make_run(sessions=288, headlines=1500))
    page = render_report(run)
    assert len(page.encode()) < 4_000_000
    for figure in json.loads(unpack(page, "figures")).values():
        assert all(len(trace["x"]) <= MAX_POINTS for trace in figure["data"])
