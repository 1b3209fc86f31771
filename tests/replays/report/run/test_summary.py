"""The tables and sentences of a run."""

from report_pages import readable

from newsvol.replays.report.run.report import render_report
from newsvol.replays.runs.reader import load_run


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


def test_gaps_are_told_at_the_top_of_the_page(make_run):
    span = {"empty_sessions": 7, "longest_gap_sessions": 7, "long_gaps": 1}
    page = readable(render_report(load_run(make_run(span=span))))
    notice = '<p class="notice">GAPS: 7 of 12 sessions have no bars'
    assert notice in page
    assert page.index(notice) < page.index("QLIKE")
    assert "GAPS" not in readable(render_report(load_run(make_run("whole"))))


def test_a_forced_recording_is_told_before_any_number(make_run):
    recording = {
        "folder": "runs/first", "run_id": "0123456789abcdef", "recording_hash": "sha256:" + "56" * 32,
        "latency": "measured", "device": "cuda", "machine": {"processor": "Other CPU"}, "versions": {},
        "forced": ["tape: <one> recorded, two here"],
    }  # fmt: skip
    page = render_report(load_run(make_run("a", recording=recording)))
    assert page.index("Forced recording") < page.index("QLIKE")
    assert "tape: &lt;one&gt; recorded, two here" in page
    assert "Other CPU" in readable(page)
    honest = render_report(load_run(make_run("b", recording=recording | {"forced": []})))
    assert "Forced recording" not in honest
    assert "Other CPU" in readable(honest)
