"""Price, with every headline where it could first be known."""

from typing import Any

import numpy as np

from newsvol.engine.arrays import NS_PER_MS, FloatArray, IntArray
from newsvol.replays.report import style
from newsvol.replays.report.markup import Section, figure, hover, text
from newsvol.replays.report.series import (
    MAX_POINTS,
    as_dates,
    as_numbers,
    group_sessions,
    in_empty_sessions,
    run_columns,
    without_gaps,
)
from newsvol.replays.report.wording import milliseconds
from newsvol.replays.runs.reader import Run


def headlines_section(run: Run) -> Section:
    """Build the section; a headline stands at the last price that was known when it became available."""
    prices = run_columns(run, "equity", ["close_ns", "price"])
    buckets = run_columns(run, "forecasts", ["session", "close_ns", "n_obs"])
    news = run_columns(run, "scores", ["available_ns", "ready_ns", "score", "source", "headline"])
    total = len(news["score"])
    if not total or not len(prices["price"]):
        return Section("headlines", "Price, headlines and sentiment", "<p>The tape has no headlines.</p>", {})
    shown = _strongest(news["score"])
    count = (
        f"{total:,} headlines"
        if len(shown) == total
        else f"The {len(shown):,} strongest of {total:,} headlines"
    )
    model = run.metrics.sentiment.get("model", "the sentiment model")
    body = (
        f"<p>{text(count)} on the close of each bucket, each placed at the moment it could first be known, "
        f"coloured and sized by the score that {text(model)} gave it, from −1 (bad news) to +1 (good news). "
        "Below, the mean score of what became known between one close and the next.</p>"
    )
    body += figure("headlines", "Price with headlines coloured by sentiment score", 470)
    data = [_price(prices, buckets), _markers(prices, {name: values[shown] for name, values in news.items()})]
    data.append(_session_tone(buckets, news))
    return Section(
        "headlines",
        "Price, headlines and sentiment",
        body,
        {"headlines": {"data": data, "layout": _layout(run.manifest.tape.instrument, prices, news)}},
    )


def _strongest(score: FloatArray) -> IntArray:
    """Return the rows of the strongest scores, at most `MAX_POINTS`, in time order."""
    if len(score) <= MAX_POINTS:
        return np.arange(len(score))
    return np.sort(np.argsort(-np.abs(score), kind="stable")[:MAX_POINTS])


def _layout(instrument: str, prices: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    ends = as_dates(np.array([*prices["close_ns"][[0, -1]], *news["available_ns"][[0, -1]]]))
    room = (max(ends) - min(ends)) // 100
    x = style.time_axis(
        anchor="y2", range=[min(ends) - room, max(ends) + room], rangeselector=style.zooms("1w", "1m", "3m")
    )
    return style.layout(
        hovermode="closest",
        showlegend=False,
        xaxis=x,
        yaxis=style.axis(f"{instrument} price", domain=[0.3, 1], tickformat=",~f"),
        yaxis2=style.axis("mean score", domain=[0, 0.22], range=[-1, 1], tickvals=[-1, 0, 1], zeroline=True),
    )


def _price(prices: dict[str, Any], buckets: dict[str, Any]) -> dict[str, Any]:
    """Return the line of closes; it breaks where sessions have no bars, and holds the last inside them."""
    drawn = slice(None, None, -(-len(prices["price"]) // MAX_POINTS))
    seen = without_gaps(prices["price"], in_empty_sessions(buckets["session"], buckets["n_obs"]))
    price = style.line(
        "price",
        as_dates(prices["close_ns"][drawn]),
        as_numbers(seen[drawn]),
        style.INK,
        line_width=1,
    )
    # A step holds the last close until the next one, which is what could be known in between.
    price["line"]["shape"] = "hv"
    return {**price, "hovertemplate": "%{x|%a %-d %b %Y, %H:%M} UTC<br>close <b>%{y:,.2f}</b><extra></extra>"}


def _markers(prices: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    known = np.searchsorted(prices["close_ns"], news["available_ns"], side="right") - 1
    strength = np.abs(news["score"])
    waited_ms = (news["ready_ns"] - news["available_ns"]) / NS_PER_MS
    labels = [
        [hover(headline), hover(source), milliseconds(waited)]
        for headline, source, waited in zip(news["headline"], news["source"], waited_ms.tolist(), strict=True)
    ]
    bar = {
        "title": {"text": "score", "side": "right", "font": {"size": 12, "color": style.MUTED}},
        "thickness": 9, "outlinewidth": 0, "len": 0.7, "y": 0.65, "tickvals": [-1, -0.5, 0, 0.5, 1],
        "ticktext": ["−1", "−0.5", "0", "+0.5", "+1"], "tickfont": {"color": style.MUTED},
    }  # fmt: skip
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "headlines",
        "x": as_dates(news["available_ns"]),
        "y": as_numbers(prices["price"][np.maximum(known, 0)]),
        "customdata": labels,
        "marker": {
            "color": as_numbers(news["score"], 3),
            "cmin": -1,
            "cmax": 1,
            "colorscale": style.SCORES,
            # Neutral headlines are most of them: small and faint, they leave the price line readable.
            "size": as_numbers(2.5 + 5.5 * strength, 1),
            "opacity": as_numbers(0.35 + 0.6 * strength, 2),
            "line": {"width": 0},
            "colorbar": bar,
        },
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{x|%a %-d %b %Y, %H:%M:%S} UTC, %{customdata[1]}<br>"
        "score <b>%{marker.color:+.2f}</b>, ready %{customdata[2]} ms after it was available<extra></extra>",
    }


def _session_tone(buckets: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    closes = buckets["close_ns"][group_sessions(buckets["session"]).lasts]
    place = np.searchsorted(closes, news["available_ns"], side="left")
    inside = place < len(closes)
    counts = np.bincount(place[inside], minlength=len(closes))
    sums = np.bincount(place[inside], weights=news["score"][inside], minlength=len(closes))
    present = np.flatnonzero(counts)
    mean = sums[present] / counts[present]
    return {
        "type": "bar",
        "name": "mean score",
        "x": as_dates(closes[present]),
        "y": as_numbers(mean, 3),
        "yaxis": "y2",
        "customdata": counts[present].tolist(),
        "marker": {"color": [style.BAD if value < 0 else style.GOOD for value in mean.tolist()]},
        "hovertemplate": "to the close of %{x|%a %-d %b %Y}<br>%{customdata} headlines, "
        "mean score <b>%{y:+.2f}</b><extra></extra>",
    }
