"""Pieces of HTML. Whatever came from outside goes through `text`."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

Figure = dict[str, Any]
"""``data`` and ``layout`` as plotly takes them."""


@dataclass(frozen=True)
class Html:
    """Markup that is already escaped."""

    markup: str

    def __str__(self) -> str:
        return self.markup


@dataclass(frozen=True)
class Row:
    """A table row: its cells, whether it is a baseline (set muted), which cells are the best of a column."""

    cells: Sequence[str | Html]
    muted: bool = False
    best: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Section:
    """One part of the page and the figures that it draws."""

    anchor: str
    title: str
    body: str
    figures: dict[str, Figure]


def text(value: object) -> str:
    """Escape `value` for HTML text and attributes; markup made here passes."""
    return value.markup if isinstance(value, Html) else escape(str(value), quote=True)


def hover(value: str, width: int = 64) -> str:
    """Prepare text for a plotly label: escaped, cut to 240 characters, broken at about `width`.

    Plotly reads labels as a little HTML of its own, and ``%{`` as the start of a template.
    """
    words = " ".join(value.split()).replace("%{", "% {")
    words = words if len(words) <= 240 else words[:239] + "…"
    lines, line = [], ""
    for word in words.split(" "):
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return "<br>".join(escape(part, quote=False) for part in [*lines, line])


def table(head: Sequence[str], rows: Sequence[Row], caption: str) -> str:
    """Return a table whose first column is text and whose others are numbers."""
    titles = "".join(f'<th scope="col">{text(title)}</th>' for title in head)
    body = "".join(_row(row) for row in rows)
    return (
        f'<div class="scroll"><table><caption>{text(caption)}</caption>'
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: Row) -> str:
    first, *others = row.cells
    cells = "".join(
        f"<td{' class=best' if place in row.best else ''}>{text(cell)}</td>"
        for place, cell in enumerate(others, start=1)
    )
    return f"<tr{' class=muted' if row.muted else ''}><th scope=row>{text(first)}</th>{cells}</tr>"


def figure(name: str, label: str, height: int, views: Sequence[tuple[str, str]] = ()) -> str:
    """Return the place of figure `name`; `views` are (title, figure) that buttons switch between."""
    buttons = "".join(
        f'<button type="button" data-view="{text(view)}" aria-pressed="{str(view == name).lower()}">'
        f"{text(title)}</button>"
        for title, view in views
    )
    switch = f'<div class="switch" role="group" data-for="{text(name)}">{buttons}</div>' if views else ""
    return (
        f'{switch}<div class="figure" id="{text(name)}" role="img" aria-label="{text(label)}" '
        f'style="height:{height}px"></div>'
    )


def verdicts(sentences: Sequence[str]) -> str:
    """Return sentences as a list; one that says NOT is set apart."""
    items = "".join(
        f'<li class="{"lost" if " NOT " in sentence else "won"}">{text(sentence)}.</li>'
        for sentence in sentences
    )
    return f'<ul class="verdicts">{items}</ul>'
