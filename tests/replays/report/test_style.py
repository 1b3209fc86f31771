"""What every figure shares."""

import plotly.graph_objects as go

from newsvol.replays.report.style import axis, layout, line, time_axis, zooms


def test_everything_shared_is_something_that_plotly_takes() -> None:
    traces = [line("a", [1, 2], [3.0, None], "#000000", dash="dot", unit="%", yaxis="y2")]
    made = go.Figure(
        {
            "data": traces,
            "layout": layout(
                xaxis=time_axis(rangeselector=zooms("1w", "3m")), yaxis=axis("volatility, %"), height=300
            ),
        }
    )
    assert made.data[0].line.dash == "dot"
    assert made.data[0].hovertemplate == "%{y:.1f}%"
    assert made.layout.yaxis.title.text == "volatility, %"
    assert made.layout.height == 300


def test_buttons_show_weeks_as_days_and_end_with_all() -> None:
    week, months, everything = zooms("2w", "3m")["buttons"]
    assert (week["step"], week["count"]) == ("day", 14)
    assert (months["step"], months["count"]) == ("month", 3)
    assert everything["step"] == "all"
