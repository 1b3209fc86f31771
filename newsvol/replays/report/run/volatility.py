"""Forecast against realized volatility, and the accuracy of every forecaster beside its baselines."""

import itertools
from collections.abc import Sequence
from typing import Any

from newsvol.replays.report import style
from newsvol.replays.report.markup import Figure, Html, Row, Section, figure, table, text, verdicts
from newsvol.replays.report.series import (
    MAX_POINTS,
    Groups,
    as_dates,
    as_labels,
    as_numbers,
    bucket_vol_bps,
    empty_groups,
    group_mean,
    group_sessions,
    run_columns,
    session_vol_pct,
    without_gaps,
)
from newsvol.replays.report.wording import forecast_verdicts, number, scientific
from newsvol.replays.runs.reader import Run
from newsvol.replays.runs.schema import Metrics

SHOWN_BUCKETS = 70

WEIGHTS_LEDE = (
    "<p>What was learnt online, from the QLIKE of the buckets before: how far the news was let into the "
    "forecast (0% is the forecast without it), what each forecaster counted where several were combined, and "
    "how much of what the regressions were fitted on was still a prior's.</p>"
)


def volatility_section(run: Run) -> Section:
    """Build the section; every forecast drawn has its origin at the start of its bucket."""
    forecast = run.metrics.forecast
    drawn = [(forecast.best("naive"), style.NAIVE), (forecast.har, style.HAR), (forecast.main, style.FUSED)]
    lines = {name: color for name, color in drawn if name is not None}
    weighed = [name for name in run.table("forecasts").column_names if name.startswith("w:")]
    wanted = ["session", "open_ns", "close_ns", "n_obs", "rv", *(f"f:{name}" for name in lines), *weighed]
    read = run_columns(run, "forecasts", wanted)
    groups = group_sessions(read["session"])
    span = "session" if groups.size == 1 else f"{groups.size} sessions"
    place = figure(
        "volatility", "Forecast and realized volatility over time", 430,
        [
            (f"per {span}, annualised over trading hours", "volatility"),
            ("per bucket, bps", "volatility-buckets"),
        ],
    )  # fmt: skip
    evaluated, year = run.metrics.span.evaluated_buckets, run.metrics.span.hours_per_year
    lede = (
        "<p>Realized volatility of 1-minute returns within trading hours, against forecasts from what was "
        f"known when each bucket began; {evaluated:,} buckets evaluated. Nights are not "
        f"in it: a year is {year:,.0f} hours of trading.</p>"
    )
    body = lede + verdicts(forecast_verdicts(run.metrics)) + place + accuracy_table(run.metrics)
    figures = {
        "volatility": session_figure(read, lines, groups, run.metrics.span.sessions_per_year),
        "volatility-buckets": bucket_figure(read, lines),
    }
    if weighed:
        body += WEIGHTS_LEDE + figure("weights", f"Weights over time, the mean of {span}", 260)
        figures["weights"] = weight_figure(read, weighed, groups)
    return Section("volatility", "Forecast against realized volatility", body, figures)


def accuracy_table(metrics: Metrics) -> str:
    """Return every forecaster beside its baselines, the best of each column marked."""
    forecast = metrics.forecast
    scores = list(forecast.models.items())
    best = forecast.best_values()
    marks = [
        {
            place
            for place, key in enumerate(best, start=1)
            if best[key] is not None and getattr(score, key) == best[key]
        }
        for _, score in scores
    ]
    rows = [
        Row(
            [
                Html(f'{text(name)} <span class="kind">{text(score.kind)}</span>'),
                number(score.qlike, 4),
                "-" if name == forecast.har else number(score.qlike_vs_har_pct, 1, sign=True) + "%",
                scientific(score.mse),
                number(score.r2_vol, 3),
                number(score.r2_log, 3),
            ],
            muted=score.kind == "naive",
            best=frozenset(marked),
        )
        for (name, score), marked in zip(scores, marks, strict=True)
    ]
    floor = forecast.noise_floor_qlike
    caption = "QLIKE and MSE are losses on variance: lower is better. Best of each column in bold."
    if floor is not None:
        caption += f" Realized variance is noisy: a perfect forecast would score {number(floor, 4)}."
    return table(
        ["Forecast", "QLIKE", "against HAR", "MSE", "R² volatility", "R² log variance"], rows, caption
    )


def session_figure(
    read: dict[str, Any], lines: dict[str, str], groups: Groups, sessions_per_year: float
) -> Figure:
    """Return realized and forecast volatility per session, annualised; `lines`: the colour of each.

    Where a session has no bars there is nothing to draw, forecast or not.
    """
    empty = empty_groups(read["n_obs"], groups)

    def drawn(name: str) -> list[float | None]:
        return as_numbers(without_gaps(session_vol_pct(read[name], groups, sessions_per_year), empty))

    x = as_dates(read["close_ns"][groups.lasts])
    traces = [_realized(x, drawn("rv"), "%")]
    traces += [style.line(name, x, drawn(f"f:{name}"), color, unit="%") for name, color in lines.items()]
    return {
        "data": traces,
        "layout": style.layout(
            margin={"l": 58, "r": 12, "t": 34, "b": 6},
            xaxis=style.time_axis(
                hoverformat="%a %-d %b %Y",
                rangeslider=style.SLIDER,
                rangeselector=style.zooms("1m", "3m", "6m"),
            ),
            yaxis=style.axis("session volatility, % per year", rangemode="tozero", ticksuffix="%"),
        ),
    }


def weight_figure(read: dict[str, Any], names: Sequence[str], groups: Groups) -> Figure:
    """Return the weights that were learnt online, in percent, the mean of each group of sessions."""
    x = as_dates(read["close_ns"][groups.lasts])
    colors = dict(zip(names, itertools.cycle(style.SERIES), strict=False))
    traces = [
        style.line(
            name.removeprefix("w:"), x, as_numbers(group_mean(100 * read[name], groups), 1), color, unit="%"
        )
        for name, color in colors.items()
    ]
    return {
        "data": traces,
        "layout": style.layout(
            margin={"l": 58, "r": 12, "t": 34, "b": 6},
            xaxis=style.time_axis(hoverformat="%a %-d %b %Y"),
            yaxis=style.axis("weight", range=[-2, 102], ticksuffix="%"),
        ),
    }


def bucket_figure(read: dict[str, Any], lines: dict[str, str]) -> Figure:
    """Return realized and forecast volatility per bucket in basis points, buckets side by side."""
    # The last buckets only: a bucket is worth looking at close up, and the page stays light.
    rows = slice(max(0, len(read["rv"]) - MAX_POINTS), None)
    empty = read["n_obs"][rows] == 0
    # Buckets stand side by side: on an axis of hours the nights would be wider than everything else.
    x = as_labels(read["close_ns"][rows])
    traces = [_realized(x, as_numbers(bucket_vol_bps(read["rv"][rows]), 1), " bps")]
    traces += [
        style.line(name, x, as_numbers(bucket_vol_bps(forecast), 1), color, unit=" bps")
        for name, color in lines.items()
        for forecast in [without_gaps(read[f"f:{name}"][rows], empty)]
    ]
    for trace in traces:
        trace["line"]["shape"] = "hvh"
    # A view of the last two weeks to begin with, the height fitted to it.
    first = max(0, len(x) - SHOWN_BUCKETS)
    highest = max(
        (value for trace in traces for value in trace["y"][first:] if value is not None), default=1.0
    )
    time: dict[str, Any] = {"type": "category", "nticks": 6, "tickangle": 0, "rangeslider": style.SLIDER}
    return {
        "data": traces,
        "layout": style.layout(
            margin={"l": 58, "r": 12, "t": 34, "b": 6},
            xaxis=style.axis(showgrid=False, range=[first - 0.5, len(x) - 0.5], **time),
            yaxis=style.axis("volatility, bps per bucket", rangemode="tozero", range=[0, 1.06 * highest]),
        ),
    }


def _realized(x: Sequence[Any], y: list[Any], unit: str) -> dict[str, Any]:
    return style.line(
        "realized",
        x,
        y,
        style.REALIZED,
        line_width=1.1,
        unit=unit,
        fill="tozeroy",
        fillcolor="rgba(120,135,152,.2)",
    )
