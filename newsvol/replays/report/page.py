"""Puts the sections, the style and the scripts into one file."""

import base64
import gzip
import json
import os
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from newsvol.engine.errors import OutputError
from newsvol.replays.report.equity import equity_section
from newsvol.replays.report.headlines import headlines_section
from newsvol.replays.report.latency import latency_section
from newsvol.replays.report.markup import Section, text
from newsvol.replays.report.summary import cards, footer, lede, notices
from newsvol.replays.report.volatility import volatility_section
from newsvol.replays.runs import Run, load_run


def write_report(run_folder: Path) -> Path:
    """Write ``report.html`` to the run folder, whole or not at all, and return its path.

    Raises
    ------
    RunError
        The run cannot be read.
    OutputError
        The folder cannot be written.
    """
    page = render_report(load_run(run_folder))
    target = run_folder / "report.html"
    making = None
    try:
        with tempfile.NamedTemporaryFile("w", dir=run_folder, encoding="utf-8", delete=False) as file:
            making = Path(file.name)
            file.write(page)
        making.chmod(0o644)
        os.replace(making, target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror}") from error
    finally:
        if making is not None:
            making.unlink(missing_ok=True)
    return target


def render_report(run: Run) -> str:
    """Return the page of `run`: no address in it leads anywhere, and the same run gives the same bytes.

    Raises
    ------
    RunError
        One of its tables cannot be read.
    """
    build_all = (volatility_section, headlines_section, equity_section, latency_section)
    return assemble_page(
        Page(
            title=f"{run.manifest.name} - newsvol run",
            over="newsvol run",
            instrument=run.manifest.tape.instrument,
            name=run.manifest.name,
            lede=lede(run),
            notices=notices(run),
            cards=cards(run),
            sections=tuple(build(run) for build in build_all),
            footer=footer(run),
        )
    )


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
