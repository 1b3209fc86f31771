"""Where the time of a tick goes, and how it is distributed."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from newsvol.engine.arrays import NS_PER_MS, FloatArray, IntArray
from newsvol.engine.errors import RunError
from newsvol.engine.ledger import STAGES, LatencyLedger
from newsvol.engine.ticks import TickKind
from newsvol.replays.report import style
from newsvol.replays.report.markup import Figure, Row, Section, figure, table, text
from newsvol.replays.report.series import as_numbers, columns
from newsvol.replays.report.wording import TICK_WORDS, milliseconds, prefix_notices
from newsvol.replays.runs.reader import Run
from newsvol.replays.runs.schema import Metrics

MAX_BINS = 90
_NOTE = (
    "Exact percentiles over every tick; the order stage counts only ticks that sent one. Stages that took no "
    "time are left out. Percentiles of stages do not add up to that of the total."
)
Durations = dict[str, dict[str, FloatArray]]
"""Milliseconds by tick kind and stage."""


def latency_section(run: Run) -> Section:
    """Build the section from the ledger of the main strategy, which the percentiles are also about."""
    durations = read_durations(run)
    place = (
        f"<p>Latency charged to the simulated clock ({text(run.manifest.latency)}), from the moment a tick "
        f"could be known to its order, or to the decision where no order was sent; for the ticks of "
        f"{text(run.metrics.main_strategy)}.</p>"
    )
    place += "".join(f"<p>{text(notice)}.</p>" for notice in prefix_notices(run.metrics))
    if any(stages["total"].any() for stages in durations.values()):
        place += "<h3>Where a tick spends its time</h3>"
        place += figure("latency-stages", "Mean time by stage, over all ticks and over the slowest 1%", 210)
        place += "<h3>Distribution of the total</h3>"
        place += figure("latency-total", "Distribution of total latency by tick kind", 260)
        figures = {"latency-stages": _stage_figure(durations), "latency-total": _total_figure(durations)}
    else:
        place += (
            "<p><strong>Every tick took no time:</strong> the run is what it would be without latency.</p>"
        )
        figures = {}
    return Section("latency", "Latency", place + percentile_table(run.metrics), figures)


def read_durations(run: Run) -> Durations:
    """Return the milliseconds of each stage by tick kind, for the main strategy; empty kinds are left out.

    Raises
    ------
    RunError
        A stage of the ledger takes negative time.
    """
    names = [column.name for column in fields(LatencyLedger)]
    rows_of_all = run.table("ledger", ["strategy", *names])
    own = pc.equal(rows_of_all.column("strategy").cast(pa.string()), run.metrics.main_strategy)
    try:
        ledger = LatencyLedger(**columns(rows_of_all.filter(own).select(names)))
    except AssertionError as error:
        raise RunError(
            f"{run.folder / 'ledger.parquet'} is damaged ({error}); replay the run again"
        ) from error
    spent: dict[str, IntArray] = ledger.durations_ns()
    chosen = {
        kind.name.lower(): ledger.kind == kind for kind in reversed(TickKind) if kind is not TickKind.BAR
    }
    return {
        kind: {stage: values[rows] / NS_PER_MS for stage, values in spent.items()}
        for kind, rows in chosen.items()
        if rows.any()
    }


def percentile_table(metrics: Metrics) -> str:
    """Return the percentiles of each stage by tick kind."""
    rows = []
    for kind, stages in metrics.latency.by_kind():
        for stage, spent in stages.items():
            if spent.count == 0 or (not spent.max_ms and stage != "total"):
                continue
            label = f"{TICK_WORDS.get(kind, kind)}: {stage}"
            values = [spent.mean_ms, spent.p50_ms, spent.p95_ms, spent.p99_ms, spent.max_ms]
            rows.append(Row([label, f"{spent.count:,}", *map(milliseconds, values)], muted=stage != "total"))
    head = ["Tick and stage", "Ticks", "Mean, ms", "p50, ms", "p95, ms", "p99, ms", "Max, ms"]
    return table(head, rows, _NOTE)


def _stage_figure(durations: Durations) -> Figure:
    traces: list[dict[str, Any]] = []
    changes: dict[str, Any] = {}
    notes = []
    width = 1 / len(durations)
    for place, (kind, stages) in enumerate(durations.items()):
        number = "" if place == 0 else str(place + 1)
        left = place * width + (0 if place == 0 else 0.02)
        right = (place + 1) * width - (0.02 if place + 1 < len(durations) else 0)
        for stage, (mean, slowest) in _stage_means(stages):
            traces.append(
                {
                    "type": "bar", "orientation": "h", "name": stage, "legendgroup": stage,
                    "showlegend": place == 0,
                    "x": as_numbers(np.array([slowest, mean]), 4), "y": ["slowest 1%", "mean"],
                    "xaxis": f"x{number}", "yaxis": f"y{number}", "marker": {"color": style.STAGES[stage]},
                    "hovertemplate": f"{stage}: %{{x:.3~f}} ms<extra></extra>",
                }
            )  # fmt: skip
        changes[f"xaxis{number}"] = style.axis("ms", domain=[left, right], anchor=f"y{number}", nticks=6)
        changes[f"yaxis{number}"] = style.axis(
            domain=[0, 0.84], anchor=f"x{number}", showticklabels=place == 0, showgrid=False
        )
        notes.append(
            {"text": f"<b>{TICK_WORDS[kind]}</b>", "x": left, "y": 0.88, "xref": "paper", "yref": "paper",
             "xanchor": "left", "yanchor": "bottom", "showarrow": False}
        )  # fmt: skip
    return {
        "data": traces,
        "layout": style.layout(
            barmode="stack",
            bargap=0.35,
            hovermode="closest",
            annotations=notes,
            legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.06, "yanchor": "bottom"},
            margin={"l": 58, "r": 12, "t": 34, "b": 40},
            **changes,
        ),
    }


def _stage_means(stages: dict[str, FloatArray]) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield the mean of each stage over all ticks and over those at or above the p99 of the total.

    The p99 of each stage would not add up to anything; the stages of the slowest ticks do.
    """
    slow = stages["total"] >= np.percentile(stages["total"], 99, method="higher")
    for stage in STAGES:
        yield stage, (float(stages[stage].mean()), float(stages[stage][slow].mean()))


def _total_figure(durations: Durations) -> Figure:
    totals = {kind: stages["total"][stages["total"] > 0] for kind, stages in durations.items()}
    everything = np.concatenate(list(totals.values()))
    low, high = np.log10(everything.min()), np.log10(everything.max())
    # A constant latency has no width; a decade around it keeps the axis readable.
    low, high = (low - 0.5, high + 0.5) if high - low < 0.2 else (low, high)
    bins = int(min(MAX_BINS, max(20, np.sqrt(min(map(len, totals.values()))))))
    edges = np.linspace(low, high, bins + 1)
    middles = as_numbers(10 ** ((edges[:-1] + edges[1:]) / 2), 5)
    traces, shapes = [], []
    for kind, total in totals.items():
        if len(total) == 0:
            continue
        share = 100 * np.histogram(np.log10(total).clip(low, high), edges)[0] / len(total)
        color = style.KINDS[kind]
        trace = style.line(TICK_WORDS[kind], middles, as_numbers(share), color, line_width=1.4, unit="%")
        trace["line"]["shape"] = "hvh"
        traces.append({**trace, "fill": "tozeroy", "fillcolor": f"{color}22"})
        p99 = float(np.percentile(total, 99, method="higher"))
        shapes.append({"type": "line", "x0": p99, "x1": p99, "y0": 0, "y1": 1, "yref": "paper",
                       "line": {"color": color, "width": 1.2, "dash": "dot"}})  # fmt: skip
    ticks = [m * 10.0**e for e in range(int(np.floor(low)), int(np.ceil(high)) + 1) for m in (1, 2, 5)]
    x = style.axis("total latency, ms (log scale; dotted: p99)", type="log", range=[float(low), float(high)])
    x |= {
        "tickvals": ticks,
        "ticktext": [f"{tick:g}" for tick in ticks],
        "hoverformat": ".3~g",
        "ticksuffix": "",
    }
    return {
        "data": traces,
        "layout": style.layout(
            margin={"l": 58, "r": 12, "t": 34, "b": 40},
            shapes=shapes,
            xaxis=x,
            yaxis=style.axis("share of ticks, %", rangemode="tozero", ticksuffix="%"),
        ),
    }
