"""Equity and drawdown by strategy, and what each made beside buy and hold."""

from typing import Any

import numpy as np

from newsvol.engine.errors import RunError
from newsvol.replays.report import style
from newsvol.replays.report.markup import Figure, Html, Row, Section, figure, table, text, verdicts
from newsvol.replays.report.series import (
    Groups,
    as_dates,
    as_numbers,
    drawdown_pct,
    empty_groups,
    group_minimum,
    group_sessions,
    run_columns,
    without_gaps,
)
from newsvol.replays.report.wording import FILL_WORDS, day, number, return_band, strategy_verdict
from newsvol.replays.runs.reader import Run
from newsvol.replays.runs.schema import Metrics


def equity_section(run: Run) -> Section:
    """Build the section; equity is after costs and latency, under the recipe's fill model."""
    metrics, fill = run.metrics, run.manifest.fill
    groups, read = _traded_rows(run)
    learned = [name for name, result in metrics.strategies.items() if not result.baseline]
    lede = (
        f"<p>After costs and latency, with {text(FILL_WORDS[fill])} fills; every curve starts at 100 on "
        f"{day(run.metrics.span.traded_from_ns)}, when "
        "the first forecast exists. An order that arrives inside a bar has no exact price, so the table "
        "gives the return under three fill models: at worst, at the next open, on the bridge between open "
        "and close.</p>"
    )
    body = (
        lede
        + verdicts([strategy_verdict(metrics, name) for name in learned])
        + figure("equity", "Equity and drawdown by strategy", 480)
        + profit_table(metrics, run)
    )
    return Section("equity", "Equity and drawdown", body, {"equity": _figure(metrics, read, groups)})


def _traded_rows(run: Run) -> tuple[Groups, dict[str, Any]]:
    """Return the equity from the session of the first forecast on: before it a strategy can only wait.

    The row before that session comes first, as the 100 that the curves start from.
    """
    traded = f"f:{run.metrics.forecast.main}"
    read = run_columns(run, "equity", ["close_ns", *run.metrics.strategies])
    forecast = run_columns(run, "forecasts", ["session", "n_obs", traded])
    if len(forecast["session"]) != len(read["close_ns"]):
        raise RunError(f"{run.folder} is damaged: equity.parquet and forecasts.parquet differ in buckets")
    known = np.flatnonzero(np.isfinite(forecast[traded]))
    session = forecast["session"]
    first = int(np.searchsorted(session, session[known[0]])) if len(known) else 0
    rows = slice(max(0, first - 1), None)
    read["n_obs"] = forecast["n_obs"]
    return group_sessions(session[rows]), {name: values[rows] for name, values in read.items()}


def profit_table(metrics: Metrics, run: Run) -> str:
    """Return what each strategy made under the recipe's fill, and its return under the other two."""
    bands = [return_band(metrics, name) for name in metrics.strategies]
    ends = [value for band in bands for value in band if value is not None]
    low, high = min(ends, default=0.0), max(ends, default=0.0)
    rows = []
    for (name, result), band in zip(metrics.strategies.items(), bands, strict=True):
        made = result.fills[run.manifest.fill]
        label = Html(f'{text(name)} <span class="kind">baseline</span>') if result.baseline else name
        rows.append(
            Row(
                [
                    label,
                    number(made.total_return_pct, 1, sign=True),
                    number(made.annual_vol_pct, 1),
                    number(made.sharpe, 2),
                    number(made.max_drawdown_pct, 1),
                    number(made.turnover_per_year, 1),
                    number(made.costs_bps_per_year, 1),
                    " / ".join(number(value, 1, sign=True) for value in band),
                    Html(_band(band, low, high)),
                ],
                muted=result.baseline,
            )
        )
    head = [
        "Strategy",
        "Return, %",
        "Volatility, %/yr",
        "Sharpe",
        "Max drawdown, %",
        "Turnover, /yr",
        "Costs, bps/yr",
    ]
    head += ["Worst / next open / bridge, %", ""]
    return table(
        head,
        rows,
        "Baselines in grey. The bar spans the return under the three fill models; dotted is no return.",
    )


def _band(band: tuple[float | None, ...], low: float, high: float) -> str:
    present = [value for value in band if value is not None]
    if not present or high <= low:
        return ""
    at = [4 + 92 * (value - low) / (high - low) for value in present]
    zero = 4 + 92 * (0 - low) / (high - low)
    axis = f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="1" y2="15" class="zero"/>' if 0 <= zero <= 100 else ""
    dots = "".join(f'<circle cx="{x:.1f}" cy="8" r="2.4"/>' for x in at)
    span = f'<line x1="{min(at):.1f}" x2="{max(at):.1f}" y1="8" y2="8" class="span"/>'
    drawing = f"{axis}{span}{dots}"
    return (
        f'<svg class="band" viewBox="0 0 100 16" width="100" height="16" aria-hidden="true">{drawing}</svg>'
    )


def _figure(metrics: Metrics, read: dict[str, Any], groups: Groups) -> Figure:
    """Return equity over drawdown; a line breaks where sessions have no bars."""
    x = as_dates(read["close_ns"][groups.lasts])
    empty = empty_groups(read["n_obs"], groups)
    traces = []
    others = [name for name in metrics.strategies if name != metrics.buy_and_hold]
    names = sorted(others, key=lambda name: metrics.strategies[name].baseline)
    looks: dict[str, dict[str, Any]] = {}
    for place, name in enumerate(names):
        baseline = metrics.strategies[name].baseline
        looks[name] = {
            "color": style.SERIES[place % len(style.SERIES)],
            "line_width": 1.3 if baseline else 1.8,
            "dash": "dot" if baseline else "solid",
        }
    looks[metrics.buy_and_hold] = {"color": style.INK, "line_width": 1.6, "dash": "dash"}
    for name, look in looks.items():
        equity = read[name]
        level = as_numbers(without_gaps(100 * equity[groups.lasts] / equity[0], empty)) if len(equity) else []
        deepest = as_numbers(without_gaps(group_minimum(drawdown_pct(equity), groups), empty))
        traces.append(style.line(name, x, level, **look, legendgroup=name))
        below = style.line(name, x, deepest, **look, unit="%", legendgroup=name, showlegend=False, yaxis="y2")
        below["line"]["width"] = 1.1
        traces.append(below)
    return {
        "data": traces,
        "layout": style.layout(
            xaxis=style.time_axis(hoverformat="%a %-d %b %Y", anchor="y2"),
            yaxis=style.axis("equity, start = 100", domain=[0.37, 1]),
            yaxis2=style.axis("drawdown, %", domain=[0, 0.31], ticksuffix="%", nticks=5),
        ),
    }
