"""The metrics of a run as three short tables for the terminal: forecasts, strategies, latency."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from newsvol.cli.console import marked, new_table, print_lines, print_table
from newsvol.engine.fills import FillModel
from newsvol.replays.report.wording import (
    FILL_WORDS,
    NOTHING,
    TICK_WORDS,
    day,
    forecast_verdicts,
    gap_notices,
    milliseconds,
    number,
    prefix_notices,
    return_band,
    scientific,
    source_notices,
    source_warnings,
    strategy_verdict,
)
from newsvol.replays.runs.schema import Metrics


def print_metrics(console: Console, metrics: Metrics, fill: FillModel, report: Path | None = None) -> None:
    """Print what the tape lacks, three tables, what they mean in a sentence each, and where the report is.

    Parameters
    ----------
    metrics : Metrics
        ``Metrics.model_validate`` takes the dict of ``metrics.json``.
    fill : {"bridge", "next_open", "worst"}
        The fill model that the strategies are shown under; the return is shown under all three.
    report : Path, optional
        Named in the last line.
    """
    print_lines(console, gap_notices(metrics.span))
    title = "Forecast accuracy (QLIKE and MSE: lower is better; * best)"
    print_table(console, title, forecast_table(console, metrics))
    forecast = metrics.forecast
    print_lines(console, [*source_notices(forecast), *source_warnings(forecast), *forecast_verdicts(metrics)])
    title = (
        f"Strategies from {day(metrics.span.traded_from_ns)} on, when the forecast starts; "
        f"{FILL_WORDS[fill]} fills (* best)"
    )
    print_table(console, title, strategy_table(console, metrics, fill))
    learned = [name for name, result in metrics.strategies.items() if not result.baseline]
    print_lines(console, (strategy_verdict(metrics, name) for name in learned))
    print_table(console, f"Latency in ms ({metrics.latency.model})", latency_table(console, metrics))
    print_lines(console, prefix_notices(metrics))
    if report is not None:
        print_lines(console, ["", f"Report: {report}"])


def forecast_table(console: Console, metrics: Metrics) -> Table:
    """Return forecast accuracy beside its baselines, naive ones first."""
    columns = ["forecast", "kind", "QLIKE ", "vs HAR %", "MSE ", "R2 vol ", "R2 log "]
    table = new_table(console, columns, texts=2)
    best = metrics.forecast.best_values()
    for name, score in metrics.forecast.models.items():
        against = NOTHING if name == metrics.forecast.har else number(score.qlike_vs_har_pct, 1, sign=True)
        table.add_row(
            escape(name),
            score.kind,
            marked(number(score.qlike, 4), score.qlike, best["qlike"]),
            against,
            marked(scientific(score.mse), score.mse, best["mse"]),
            marked(number(score.r2_vol, 3), score.r2_vol, best["r2_vol"]),
            marked(number(score.r2_log, 3), score.r2_log, best["r2_log"]),
        )
    return table


def strategy_table(console: Console, metrics: Metrics, fill: FillModel) -> Table:
    """Return profit beside buy and hold, after costs and latency; the return under the three fill models."""
    columns = [
        *("\nstrategy", "return\nworst", "in %\nopen", "\nbridge"),
        *("vol\n%/yr", "\nSharpe ", "max DD\n%", "turn-\nover/yr", "costs\nbps/yr"),
    ]
    table = new_table(console, columns)
    sharpes = [result.fills[fill].sharpe for result in metrics.strategies.values()]
    best = max((sharpe for sharpe in sharpes if sharpe is not None), default=None)
    for name, result in metrics.strategies.items():
        made = result.fills[fill]
        table.add_row(
            f"[dim]{escape(name)}[/dim]" if result.baseline else escape(name),
            *(number(value, 1, sign=True) for value in return_band(metrics, name)),
            number(made.annual_vol_pct, 1),
            marked(number(made.sharpe, 2), made.sharpe, best),
            number(made.max_drawdown_pct, 1),
            number(made.turnover_per_year, 1),
            number(made.costs_bps_per_year, 1),
        )
    return table


def latency_table(console: Console, metrics: Metrics) -> Table:
    """Return latency percentiles by tick kind and stage; stages that took no time are left out."""
    table = new_table(console, ["tick", "stage", "ticks", "p50", "p95", "p99", "max"], texts=2)
    for kind, stages in metrics.latency.by_kind():
        label = TICK_WORDS[kind]
        for stage, spent in stages.items():
            if spent.count == 0 or (not spent.max_ms and stage != "total"):
                continue
            style = "bold" if stage == "total" else None
            points = (spent.p50_ms, spent.p95_ms, spent.p99_ms, spent.max_ms)
            table.add_row(label, stage, f"{spent.count:,}", *map(milliseconds, points), style=style)
            label = ""
    return table
