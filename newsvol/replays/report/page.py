"""A page: sections, style, scripts and figures in one self-contained file."""

import base64
import gzip
import json
from dataclasses import dataclass
from importlib.resources import files
from string import Template

from newsvol.replays.report.markup import Section, text


@dataclass(frozen=True)
class Page:
    """What a page is made of; `lede`, `notices`, `cards` and `footer` are HTML, the rest is text."""

    title: str
    over: str
    instrument: str
    name: str
    lede: str
    notices: str
    cards: str
    sections: tuple[Section, ...]
    footer: str


def assemble_page(page: Page) -> str:
    """Return the page with style, script, figures and plotly inside: no address in it leads anywhere."""
    figures = {name: figure for section in page.sections for name, figure in section.figures.items()}
    here = files("newsvol.replays.report")
    return Template(here.joinpath("report.html").read_text(encoding="utf-8")).substitute(
        title=text(page.title),
        css=here.joinpath("report.css").read_text(encoding="utf-8"),
        js=here.joinpath("report.js").read_text(encoding="utf-8"),
        over=text(page.over),
        name=text(page.name),
        instrument=text(page.instrument),
        lede=page.lede,
        notices=page.notices,
        cards=page.cards,
        sections="\n".join(
            f'<section id="section-{part.anchor}"><h2>{text(part.title)}</h2>{part.body}</section>'
            for part in page.sections
        ),
        footer=page.footer,
        figures=_packed(json.dumps(figures, separators=(",", ":"), allow_nan=False).encode()),
        plotly=_packed(files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()),
    )


def _packed(content: bytes) -> str:
    # Base64 also means that no headline can close the script element it travels in.
    return base64.b64encode(gzip.compress(content, compresslevel=9, mtime=0)).decode("ascii")
