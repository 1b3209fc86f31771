import io
import json

import pytest
from rich.console import Console

from newsvol.cli.runs.tables import print_metrics
from newsvol.replays.runs.reader import load_run
from newsvol.replays.runs.schema import Metrics


def shown(folder, width=80, terminal=True, report=None):
    run = load_run(folder)
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, color_system=None, legacy_windows=False)
    print_metrics(console, run.metrics, run.manifest.fill, report)
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 100])
def test_no_row_of_a_table_is_broken_or_cut(make_run, width):
    lines = shown(make_run(), width).splitlines()
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if "…" in line]
    for name in ("same-bucket-yesterday", "vol_target_naive", "session open"):
        assert [line for line in lines if line.startswith(name)]


def test_the_tables_hold_the_numbers_of_the_metrics(make_run):
    folder = make_run()
    run, text = load_run(folder), shown(folder)
    for score in run.metrics.forecast.models.values():
        assert f"{score.qlike:.4f}" in text
    for result in run.metrics.strategies.values():
        for made in result.fills.values():
            assert f"{made.total_return_pct:+.1f}".replace("+0.0", "0.0") in text
    assert f"{run.metrics.latency.stages['headline']['total'].p99_ms:.1f}" in text


def test_the_best_of_a_column_is_marked_without_colour(make_run):
    row = next(line for line in shown(make_run()).splitlines() if line.startswith("fused "))
    assert row.count("*") >= 3


def test_naive_forecasts_come_first(make_run):
    lines = shown(make_run()).splitlines()
    kinds = [
        line.split()[1]
        for line in lines
        if len(line.split()) == 7 and line.split()[1] in ("naive", "har", "fused")
    ]
    assert kinds == ["naive"] * 4 + ["har", "fused"]


def test_a_loss_against_the_baselines_is_printed(make_run):
    assert "fused does NOT beat log-har-p" in shown(make_run(fused_qlike=0.9))


def test_the_last_line_says_where_the_report_is(make_run):
    folder = make_run()
    assert (
        shown(folder, report=folder / "report.html").splitlines()[-1] == f"Report: {folder / 'report.html'}"
    )


def test_piped_tables_are_plain_ascii(make_run):
    assert shown(make_run(), terminal=False).isascii()


def test_stages_that_took_no_time_are_left_out(make_run):
    latency = shown(make_run()).partition("Latency in ms")[2]
    assert "score" in latency.partition("bucket end")[0]
    assert "score" not in latency.partition("bucket end")[2]


def test_metrics_that_do_not_exist_are_a_dash(make_run):
    raw = json.loads((make_run() / "metrics.json").read_text())
    for score in raw["forecast"]["models"].values():
        score.update(dict.fromkeys(("qlike", "mse", "r2_vol", "r2_log", "qlike_vs_har_pct")))
    raw["latency"]["stages"] = {"headline": {"total": {"count": 0}}}
    out = io.StringIO()
    print_metrics(Console(file=out, width=80), Metrics.model_validate(raw), "bridge")
    row = next(line for line in out.getvalue().splitlines() if line.startswith("fused"))
    assert row.split() == ["fused", "fused", "-", "-", "-", "-", "-"]


def test_names_are_not_read_as_markup(make_run):
    raw = json.loads((make_run() / "metrics.json").read_text())
    raw["strategies"]["[bold]x[/bold]"] = raw["strategies"].pop("news_tone")
    out = io.StringIO()
    print_metrics(Console(file=out, width=100), Metrics.model_validate(raw), "bridge")
    assert "[bold]x[/bold]" in out.getvalue()


def test_gaps_are_told_before_any_number(make_run):
    span = {"empty_sessions": 7, "longest_gap_sessions": 7, "long_gaps": 1, "missing_buckets": 2}
    first, second, *_ = (line for line in shown(make_run(span=span)).splitlines() if line)
    assert first.startswith("GAPS: 7 of 12 sessions have no bars")
    assert second.startswith("GAPS: of 84 buckets 2 lack more than half of their minutes")
    assert "GAPS" not in shown(make_run("whole"))
