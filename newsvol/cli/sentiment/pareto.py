"""The picture of ``newsvol sentiment compare``: accuracy against latency, bubbles by size."""

from collections.abc import Mapping
from typing import Any

LARGEST_BUBBLE = 60.0


def pareto_page(models: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a self-contained page; models that no other beats in both ways are joined by a line.

    Parameters
    ----------
    models : mapping
        Figures by name, as `comparison.compare` gives them; those without accuracy or latency are left out.
    """
    import plotly.graph_objects as go

    from newsvol.models.sentiment.comparison import pareto_front

    shown = {name: row for name, row in models.items() if {"accuracy", "p50_ms"} <= row.keys()}
    points = {name: (float(row["p50_ms"]), float(row["accuracy"])) for name, row in shown.items()}
    front = pareto_front(points)
    sizes = [float(row.get("bytes") or 0) for row in shown.values()]
    largest = max(sizes, default=0.0) or 1.0
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[points[name][0] for name in front],
            y=[points[name][1] for name in front],
            mode="lines",
            line={"dash": "dot"},
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[points[name][0] for name in shown],
            y=[points[name][1] for name in shown],
            mode="markers+text",
            text=list(shown),
            textposition="top center",
            customdata=[size / 1e6 for size in sizes],
            hovertemplate="%{text}: %{y:.3f}, %{x:.2f} ms, %{customdata:.1f} MB<extra></extra>",
            marker={"size": [max(8.0, LARGEST_BUBBLE * (size / largest) ** 0.5) for size in sizes]},
        )
    )
    figure.update_xaxes(title_text="p50 of one headline, one core [ms]", type="log")
    figure.update_yaxes(title_text="accuracy")
    figure.update_layout(
        title="Accuracy against latency; bubble area = bytes on disk",
        showlegend=False,
        template="plotly_white",
    )
    return str(figure.to_html(include_plotlyjs=True))
