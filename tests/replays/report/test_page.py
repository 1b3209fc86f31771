"""A page is one file that leads nowhere."""

import json
import re

import pytest
from report_pages import readable, unpack

from newsvol.replays.report.markup import Html, Section
from newsvol.replays.report.page import Page, assemble_page

ODD = '</script><b>"odd" & $dollar ${title}'


def page_of(**changes: object) -> str:
    told = {
        "title": "t",
        "over": "o",
        "instrument": "SPY",
        "name": "n",
        "lede": "",
        "notices": "",
        "cards": "",
    }
    return assemble_page(Page(**{**told, "sections": (), "footer": "", **changes}))  # type: ignore[arg-type]


def test_the_drawing_library_travels_with_the_page() -> None:
    assert "plotly.js v" in unpack(page_of(), "plotly")[:200]


def test_a_page_asks_for_nothing_outside_itself() -> None:
    shown = readable(page_of())
    assert "default-src 'none'" in shown
    assert not re.findall(r"""(?:src|href)\s*=|url\(|@import|https?://|//cdn""", shown)


@pytest.mark.parametrize("place", ["title", "over", "instrument", "name"])
def test_text_is_escaped_wherever_it_stands(place: str) -> None:
    shown = readable(page_of(**{place: ODD}))
    assert ODD not in shown
    assert "&lt;/script&gt;&lt;b&gt;&quot;odd&quot; &amp; $dollar ${title}" in shown


def test_sections_stand_in_their_order_with_their_figures_packed() -> None:
    drawn = {"one": {"data": [{"name": ODD}], "layout": {}}}
    parts = (Section("a", "First & best", "<p>one</p>", drawn), Section("b", "Second", "<p>two</p>", {}))
    page = page_of(sections=parts, footer=str(Html("<dl></dl>")))
    assert json.loads(unpack(page, "figures")) == drawn
    shown = readable(page)
    first, second = (shown.index(f'<section id="section-{anchor}">') for anchor in "ab")
    assert first < shown.index("<h2>First &amp; best</h2><p>one</p>") < second < shown.index("<dl></dl>")


def test_a_figure_that_json_does_not_know_is_an_error_here_not_in_the_browser() -> None:
    broken = {"one": {"data": [{"y": [float("nan")]}]}}
    with pytest.raises(ValueError, match="not JSON compliant"):
        page_of(sections=(Section("a", "t", "", broken),))
