"""The report of a run, written beside its tables."""

import os
import tempfile
from pathlib import Path

from newsvol.engine.errors import OutputError
from newsvol.replays.report.page import Page, assemble_page
from newsvol.replays.report.run.equity import equity_section
from newsvol.replays.report.run.headlines import headlines_section
from newsvol.replays.report.run.latency import latency_section
from newsvol.replays.report.run.summary import cards, footer, lede, notices
from newsvol.replays.report.run.volatility import volatility_section
from newsvol.replays.runs.reader import Run, load_run


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
