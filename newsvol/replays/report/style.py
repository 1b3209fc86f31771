"""Colours and axes that every figure shares. The palette is Okabe and Ito's, safe for the colour-blind."""

from collections.abc import Sequence
from typing import Any

INK = "#1d2733"
MUTED = "#5b6775"
GRID = "#e6eaef"
REALIZED = "#55616f"
NAIVE = "#9a7bb5"
HAR = "#0072b2"
FUSED = "#d55e00"
SERIES = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7f5539", "#5e548e")
STAGES = {
    "queue": "#c3ccd6",
    "score": "#0072b2",
    "forecast": "#56b4e9",
    "decide": "#009e73",
    "order": "#e69f00",
}
KINDS = {"headline": "#d55e00", "bucket_end": "#0072b2", "session_open": "#009e73"}
BAD, GOOD = "#b2182b", "#2166ac"
SCORES = [[0, BAD], [0.25, "#ef8a62"], [0.5, "#d9dde2"], [0.75, "#67a9cf"], [1, GOOD]]

SLIDER = {
    "visible": True,
    "thickness": 0.09,
    "bgcolor": "#f5f7f9",
    "bordercolor": "#e1e6eb",
    "borderwidth": 1,
}


def layout(**changes: Any) -> dict[str, Any]:
    """Return the layout every figure starts from, with `changes`."""
    return {
        "font": {
            "family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif",
            "size": 12.5,
            "color": INK,
        },
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 58, "r": 12, "t": 34, "b": 28},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": "#cfd6de", "font": {"size": 12.5, "color": INK}},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"},
        "dragmode": "zoom",
        **changes,
    }


def axis(title: str = "", **changes: Any) -> dict[str, Any]:
    """Return a plain axis: faint grid, no box, title in grey."""
    return {
        "title": {"text": title, "font": {"size": 12, "color": MUTED}, "standoff": 8},
        "tickfont": {"color": MUTED},
        "gridcolor": GRID,
        "zeroline": False,
        "linecolor": "#cfd6de",
        "automargin": True,
        **changes,
    }


def time_axis(**changes: Any) -> dict[str, Any]:
    """Return a date axis in UTC without vertical grid lines."""
    return axis(type="date", showgrid=False, ticks="outside", tickcolor="#cfd6de", ticklen=4, **changes)


def zooms(*labels: str) -> dict[str, Any]:
    """Return buttons that show the last part of a time axis: ``1w``, ``3m`` and the like, then all of it."""
    steps = {"w": ("day", 7), "m": ("month", 1)}
    buttons: list[dict[str, Any]] = [
        {
            "label": label,
            "step": steps[label[-1]][0],
            "count": int(label[:-1]) * steps[label[-1]][1],
            "stepmode": "backward",
        }
        for label in labels
    ]
    return {
        "buttons": [*buttons, {"step": "all", "label": "all"}],
        "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom",
        "bgcolor": "#f0f3f6", "activecolor": "#d7dee6", "font": {"size": 11.5},
    }  # fmt: skip


def line(name: str, x: Sequence[Any], y: list[Any], color: str, **changes: Any) -> dict[str, Any]:
    """Return a line trace; `line_width`, `dash` and `unit` may be given beside plotly's own keys."""
    width, dash, unit = changes.pop("line_width", 1.6), changes.pop("dash", "solid"), changes.pop("unit", "")
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(x),
        "y": y,
        "line": {"color": color, "width": width, "dash": dash},
        "hovertemplate": f"%{{y:.1f}}{unit}",
        **changes,
    }
