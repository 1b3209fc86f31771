"""The figures of the evaluation page."""

from typing import Any

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.replays.evaluation.volatility.cuts import CutRow
from newsvol.replays.evaluation.volatility.evaluation import Evaluation
from newsvol.replays.report import style
from newsvol.replays.report.markup import Figure
from newsvol.replays.report.run.volatility import bucket_figure, session_figure
from newsvol.replays.report.series import (
    MAX_POINTS,
    as_dates,
    as_numbers,
    bucket_vol_bps,
    group_sessions,
)
from newsvol.replays.tapes.calendar import trading_year

_TICKS_BPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]


def drawn_models(evaluation: Evaluation) -> dict[str, str]:
    """Return the models that are drawn and their colours: best naive, baseline, the recipe's, the best."""
    board = evaluation.board
    wanted = [
        (board.best_naive, style.NAIVE),
        (board.baseline, style.SERIES[2]),
        (evaluation.main, style.HAR),
        (board.best, style.FUSED),
    ]
    drawn: dict[str, str] = {}
    for name, color in wanted:
        if name in board.models:
            drawn.setdefault(name, color)
    return drawn


def forecast_figures(evaluation: Evaluation) -> dict[str, Figure]:
    """Return forecast against realized volatility, a point a session and a point a bucket."""
    # what was not scored in between stays on the axis: a gap is a gap
    scored = np.flatnonzero(evaluation.rows)
    rows = slice(int(scored[0]), int(scored[-1]) + 1)
    buckets, measures = evaluation.history.buckets.take(rows), evaluation.history.measures.take(rows)
    # four lines over one another say less than three
    lines = {
        name: color
        for name, color in drawn_models(evaluation).items()
        if name != evaluation.board.baseline or name in (evaluation.main, evaluation.board.best_naive)
    }
    read: dict[str, Any] = {
        "session": buckets.session,
        "close_ns": buckets.close_ns,
        "n_obs": measures.n_obs,
        "rv": measures.rv,
        **{f"f:{name}": evaluation.lineup.variance[name][rows] for name in lines},
    }
    groups = group_sessions(buckets.session)
    year = trading_year(evaluation.tape.info.calendar, evaluation.tape.sessions)
    return {
        "volatility": session_figure(read, lines, groups, year.sessions),
        "volatility-buckets": bucket_figure(read, lines),
    }


def cumulative_figure(evaluation: Evaluation) -> Figure:
    """Return the running sum of QLIKE(baseline) - QLIKE(model), one line a model that is drawn."""
    close_ns = evaluation.history.buckets.close_ns[evaluation.rows]
    kept = slice(None, None, -(-len(close_ns) // MAX_POINTS))
    x = as_dates(close_ns[kept])
    baseline = evaluation.board.baseline
    rival = evaluation.board.losses[baseline]
    traces = []
    for name, color in drawn_models(evaluation).items():
        if name != baseline:
            ahead = as_numbers(np.cumsum(rival - evaluation.board.losses[name])[kept], 3)
            traces.append(style.line(name, x, ahead, color, hovertemplate="%{y:.2f}"))
    return {
        "data": traces,
        "layout": style.layout(
            xaxis=style.time_axis(hoverformat="%a %-d %b %Y"),
            yaxis=style.axis(f"QLIKE ahead of {baseline}, summed", zeroline=True, zerolinecolor="#9aa5b1"),
        ),
    }


def cut_figures(evaluation: Evaluation) -> dict[str, Figure]:
    """Return QLIKE by group, one figure for each cut."""
    by_cut: dict[str, list[CutRow]] = {}
    for row in evaluation.cuts:
        by_cut.setdefault(row.cut, []).append(row)
    drawn = {}
    for cut, rows in by_cut.items():
        labels = [f"{row.group}<br>n = {row.buckets:,}" if len(rows) <= 8 else row.group for row in rows]
        traces = [
            {
                "type": "bar",
                "name": name,
                "x": labels,
                "y": as_numbers(np.array([row.qlike[name] for row in rows]), 4),
                "marker": {"color": color},
                "hovertemplate": "%{y:.4f}",
            }
            for name, color in drawn_models(evaluation).items()
        ]
        drawn[f"cut-{cut.replace(' ', '-')}"] = {
            "data": traces,
            "layout": style.layout(
                barmode="group",
                bargap=0.28,
                xaxis=style.axis(showgrid=False, type="category"),
                yaxis=style.axis("QLIKE", rangemode="tozero"),
            ),
        }
    return drawn


def calibration_figure(evaluation: Evaluation) -> Figure:
    """Return realized against forecast volatility of the recipe's forecaster, with the means of tenths."""
    realized = evaluation.history.measures.rv[evaluation.rows]
    name = evaluation.main if evaluation.main in evaluation.board.models else evaluation.board.baseline
    forecast = evaluation.lineup.variance[name][evaluation.rows]
    kept = slice(None, None, -(-len(realized) // MAX_POINTS))
    dots = {
        "type": "scatter",
        "mode": "markers",
        "name": f"{name}, a bucket each",
        "x": as_numbers(bucket_vol_bps(forecast[kept]), 1),
        "y": as_numbers(bucket_vol_bps(realized[kept]), 1),
        "marker": {"color": style.HAR, "size": 4, "opacity": 0.35, "line": {"width": 0}},
        "hovertemplate": "forecast %{x:.0f} bps<br>realized %{y:.0f} bps<extra></extra>",
    }
    x, y = _decile_means(forecast, realized)
    steps = style.line(
        "mean of each tenth", as_numbers(x, 1), as_numbers(y, 1), style.FUSED, mode="lines+markers"
    )
    low, high = float(bucket_vol_bps(forecast).min()), float(bucket_vol_bps(forecast).max())
    unbiased = style.line("unbiased", [low, high], [low, high], style.INK, dash="dot", line_width=1.2)
    return {
        "data": [dots, unbiased, steps],
        "layout": style.layout(
            hovermode="closest",
            margin={"l": 58, "r": 12, "t": 34, "b": 48},
            xaxis=style.axis("forecast volatility, bps per bucket", type="log", tickvals=_TICKS_BPS),
            yaxis=style.axis("realized, bps", type="log", tickvals=_TICKS_BPS),
        ),
    }


def _decile_means(forecast: FloatArray, realized: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the root of mean variance of each tenth of the buckets, ordered by forecast."""
    tenths = np.array_split(np.argsort(forecast, kind="stable"), 10)
    mean = np.array([[forecast[rows].mean(), realized[rows].mean()] for rows in tenths])
    return bucket_vol_bps(mean[:, 0]), bucket_vol_bps(mean[:, 1])
