import base64
import gzip
import json
import re
from html.parser import HTMLParser
from time import perf_counter

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsvol.engine.errors import OutputError, RunError
from newsvol.replays.report.markup import hover
from newsvol.replays.report.run.report import render_report, write_report
from newsvol.replays.report.series import MAX_POINTS, annual_vol_pct, drawdown_pct, group_sessions
from newsvol.replays.runs.reader import load_run

PACKED = r'<script type="application/octet-stream" id="packed-{}">([^<]*)</script>'


def unpack(page, name):
    (packed,) = re.findall(PACKED.format(name), page)
    return gzip.decompress(base64.b64decode(packed)).decode()


def readable(page):
    """The page without its packed parts."""
    return re.sub(PACKED.format("[a-z]+"), "", page)


def tags(page):
    """Every element of the page with the names of its attributes, as a browser would find them."""
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, sorted(name for name, _ in attrs)))

    Reader().feed(page)
    return found


@pytest.fixture
def page(make_run):
    return render_report(load_run(make_run()))


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


def test_the_drawing_library_travels_with_the_page(page):
    assert "plotly.js v" in unpack(page, "plotly")[:200]


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
    assert titles["volatility"] == ["volatility, % per year"]
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


def test_hover_text_is_broken_and_cut():
    label = hover("word " * 200)
    assert len(label) < 300
    assert all(len(line) <= 70 for line in label.split("<br>"))


def test_the_tables_hold_the_numbers_of_the_metrics(make_run):
    run = load_run(make_run())
    shown = readable(render_report(run))
    for name, score in run.metrics.forecast.models.items():
        assert name in shown
        assert f"{score.qlike:.4f}" in shown
    for name, result in run.metrics.strategies.items():
        assert name in shown
        if result.fills["bridge"].sharpe is not None:
            assert f"{result.fills['bridge'].sharpe:.2f}" in shown
    total = run.metrics.latency.stages["headline"]["total"]
    assert f"{total.p99_ms:.1f}" in shown


def test_a_fused_forecast_that_loses_is_said_to_lose(make_run):
    shown = readable(render_report(load_run(make_run(fused_qlike=0.9))))
    assert "fused does NOT beat log-har-p" in shown
    assert "does not beat its baselines" in shown


def test_a_made_up_market_is_said_to_be_one(make_run):
    assert "Synthetic market" in render_report(load_run(make_run("a", origin={"synthetic": True, "seed": 1})))
    assert "Synthetic market" not in render_report(load_run(make_run("b")))


def test_the_footer_names_what_the_run_is_made_of(make_run):
    run = load_run(make_run())
    shown = readable(render_report(run))
    for fact in (
        run.manifest.tape_hash,
        run.manifest.recipe_hash,
        "Example CPU",
        "slippage_bps 1.0",
        "<details>",
    ):
        assert fact in shown


def test_a_run_without_latency_says_so_and_draws_none(make_run):
    page = render_report(load_run(make_run(latency="zero")))
    assert "Every tick took no time" in page
    assert "with no model time charged" in page
    assert "latency-total" not in json.loads(unpack(page, "figures"))


def test_a_run_without_headlines_has_a_report(make_run):
    page = render_report(load_run(make_run(headlines=0)))
    assert "The tape has no headlines" in page
    assert "headlines" not in json.loads(unpack(page, "figures"))


def test_a_run_without_any_forecast_has_a_report(make_run):
    folder = make_run()
    table = pq.read_table(folder / "forecasts.parquet")
    for name in [name for name in table.column_names if name.startswith("f:")]:
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array(np.full(table.num_rows, np.nan)))
    pq.write_table(table, folder / "forecasts.parquet")
    assert "equity" in json.loads(unpack(render_report(load_run(folder)), "figures"))


def test_curves_start_at_100_when_the_first_forecast_exists(make_run):
    figures = json.loads(unpack(render_report(load_run(make_run(sessions=12))), "figures"))
    curves = [trace for trace in figures["equity"]["data"] if trace.get("yaxis") != "y2"]
    assert {trace["y"][0] for trace in curves} == {100.0}
    # The factory has no forecast in its first two sessions; the row before the third comes first.
    assert {len(trace["x"]) for trace in curves} == {11}


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


def test_a_folder_that_cannot_be_written_is_named(make_run):
    folder = make_run()
    (folder / "report.html").mkdir()
    (folder / "report.html" / "in-the-way").write_text("")
    with pytest.raises(OutputError, match=r"cannot write .*report\.html"):
        write_report(folder)


def test_a_long_run_is_drawn_with_few_points():
    session = np.repeat(np.arange(6_000), 7)
    groups = group_sessions(session)
    assert len(groups.starts) <= MAX_POINTS
    assert groups.sessions.sum() == 6_000
    assert groups.size == 3
    assert groups.lasts[-1] == len(session) - 1


def test_annual_volatility_is_the_mean_session_variance_scaled():
    groups = group_sessions(np.array([4, 4, 5, 5, 5]))
    variance = np.array([1e-4, 2e-4, 1e-4, 1e-4, 1e-4])
    np.testing.assert_allclose(annual_vol_pct(variance, groups), 100 * np.sqrt(3e-4 * 252))


def test_drawdown_is_below_the_highest_so_far():
    np.testing.assert_allclose(drawdown_pct(np.array([100.0, 110, 99, 121])), [0, 0, -10, 0])


def test_a_year_of_minutes_makes_a_light_page_quickly(make_run):
    run = load_run(make_run(sessions=288, headlines=1500))
    start = perf_counter()
    page = render_report(run)
    assert perf_counter() - start < 2
    assert len(page.encode()) < 4_000_000
