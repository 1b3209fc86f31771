"""``newsvol audit``."""

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from newsvol.cli.progress import stages
from newsvol.cli.recipe_options import changes_of, recipe_options

if TYPE_CHECKING:
    from newsvol.replays.audit.audit import AuditReport

EXIT_LEAK = 1


@click.command()
@click.argument("recipe", required=False, type=click.Path(path_type=Path))
@click.option(
    "--tape", type=click.Path(path_type=Path), help="Tape folder; without it, the embedded synthetic tape."
)
@click.option(
    "--moments",
    default=50,
    show_default=True,
    type=click.IntRange(1),
    help="How often everything after a time is changed.",
)
@click.option(
    "--allow-read",
    "allowed",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A file or folder that your plug-in may read: you know what it holds; repeatable.",
)
@recipe_options(
    first="First day that is traded; what lies before is the warm-up, whose forecasts are audited too.",
    last="Last day; nothing after it is looked at.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def audit(
    recipe: Path | None,
    tape: Path | None,
    moments: int,
    allowed: tuple[Path, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Audit RECIPE for look-ahead: does anything that is decided depend on what comes later?

    First every forecast and decision is made again from its past alone, forward in time, and compared with
    what is traded; then everything after some moment is redrawn, deleted, blanked or shifted, and nothing
    decided up to then may change. Your strategies and forecasters run in processes that end after each pass:
    the verdict is reached where they never were. Files, sockets and clocks that they read are named.

    Exits with 1 where something is found. Headlines get drawn sentiment instead of the model's, so that no
    model is needed; latency is the recipe's where it is a rule, otherwise zero.

    \b
    Examples:
      newsvol audit
      newsvol audit my.yaml --tape tapes/spy --moments 200
    """
    from newsvol.replays.audit.audit import SEED, Request
    from newsvol.replays.audit.audit import audit as run_audit
    from newsvol.replays.simulation.recipe import recipe_content
    from newsvol.replays.tapes.synth import synthetic_tape
    from newsvol.replays.tapes.tape import load_tape

    content, where, folder = recipe_content(recipe, changes_of(**options))
    source = load_tape(tape) if tape is not None else synthetic_tape()
    # a seed that is no number is told with the recipe's other faults
    chosen = content.get("seed", SEED)
    request = Request(content, where, folder, moments, chosen if isinstance(chosen, int) else SEED, allowed)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    with stages(show=not as_json) as on_progress:
        report = run_audit(source, request, on_progress)
    if as_json:
        click.echo(json.dumps({"tape": source.content_hash(), **_plain(report)}, indent=1))
    else:
        for one in report.findings:
            click.echo(f"- {one}")
        for note in report.notes:
            click.echo(f"note: {note}")
        count = len(report.findings)
        verdict = f"{count} finding{'s' if count > 1 else ''}" if count else "no look-ahead found"
        again = ""
        if report.first_ns is not None and report.last_ns is not None:
            days = f"{_day(report.first_ns)} to {_day(report.last_ns)}"
            again = f" in {report.rows:,} forecasts and decisions of {days}, made again from their past, and"
        click.echo(f"{verdict}{again} with {moments} changed futures")
        click.echo(f"audited: {', '.join(report.parts)}")
    if report.findings:
        raise SystemExit(EXIT_LEAK)


def _end(number: int, _frame: FrameType | None) -> None:
    """Ended from outside, leave no process and no folder either; asked twice, end at once."""
    signal.signal(number, signal.SIG_DFL)
    sys.exit(128 + number)


def _day(stamp_ns: int) -> str:
    import numpy as np

    return str(np.datetime64(stamp_ns, "ns").astype("datetime64[D]"))


def _plain(report: "AuditReport") -> dict[str, Any]:
    """Return the report as JSON takes it, with stamps that people read beside those of machines."""
    findings = [{**asdict(one), "first": one.first or None} for one in report.findings]
    return {**asdict(report), "findings": findings}
