"""``newsvol replay``."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from newsvol.cli.progress import stages
from newsvol.cli.recipe_options import changes_of, chosen_recipe, recipe_options
from newsvol.replays.folders import require_writable


@click.command()
@click.argument("recipe", required=False, type=click.Path(path_type=Path))
@click.option(
    "--tape", type=click.Path(path_type=Path), help="Tape folder; without it, the embedded synthetic tape."
)
@click.option("--out", type=click.Path(path_type=Path), help="New run folder; without it, one under runs/.")
@click.option("--latency", help="zero, constant:MS, measured or recorded:RUN; instead of the recipe's.")
@click.option(
    "--strategy", "strategies", multiple=True, help="Run only this strategy (repeatable), and the baselines."
)
@recipe_options(
    first="First day that is forecast and traded; what lies before is the warm-up.",
    last="Last day; nothing after it is looked at.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Charge recorded:RUN though it is of something else; the run says of what.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the metrics as JSON and nothing else.")
@click.option("--print-recipe", is_flag=True, help="Print the recipe with every default, and stop.")
@click.option("--list", "list_names", is_flag=True, help="List strategies and forecasters, and stop.")
def replay(
    recipe: Path | None,
    tape: Path | None,
    out: Path | None,
    latency: str | None,
    strategies: tuple[str, ...],
    force: bool,
    as_json: bool,
    print_recipe: bool,
    list_names: bool,
    **options: Any,
) -> None:
    """Replay a tape by RECIPE (a YAML file; without it, the shipped one) into a run folder.

    Prints forecast accuracy beside the naive baselines, PnL beside buy-and-hold, and latency by stage; the
    folder holds everything, and report.html.

    \b
    Examples:
      newsvol replay
      newsvol replay --tape tapes/spy --latency measured --out runs/spy
      newsvol replay --tape tapes/spy --from 2025-01-01 --set volatility.forecaster=har --name raw
      newsvol replay my.yaml --tape tapes/spy --strategy vol_target --json
      newsvol replay --tape tapes/spy --latency recorded:runs/spy --set costs.slippage_bps=2
    """
    from newsvol.replays.simulation.recipe import default_recipe_text

    if list_names:
        _print_names()
        return
    plain = recipe is None and latency is None and not strategies and not changes_of(**options)
    if print_recipe and plain:
        click.echo(default_recipe_text(), nl=False)
        return
    chosen = chosen_recipe(recipe, options).with_changes(latency, strategies)
    if print_recipe:
        click.echo(chosen.to_yaml(), nl=False)
        return
    from newsvol.cli.console import new_console, print_lines
    from newsvol.cli.runs.tables import print_metrics
    from newsvol.replays.report.wording import recording_lines

    if out is not None:
        require_writable(out)
    with _folder(out, chosen.name) as folder, stages(show=not as_json) as on_progress:
        from newsvol.replays.replay import replay as run_replay
        from newsvol.replays.tapes.synth import synthetic_tape
        from newsvol.replays.tapes.tape import load_tape

        on_progress("Reading the tape", 0, 1)
        source = load_tape(tape) if tape is not None else synthetic_tape()
        on_progress("Reading the tape", 1, 1)
        run = run_replay(source, chosen, folder, on_progress, force=force)
    if as_json:
        click.echo(json.dumps(run.as_json()["metrics"], indent=1))
        return
    console = new_console()
    print_lines(console, recording_lines(run.manifest.recording))
    print_metrics(console, run.metrics, run.manifest.fill, folder / "report.html")


def _print_names() -> None:
    from newsvol.signals.volatility.builtin import FORECASTERS
    from newsvol.strategies.builtin import STRATEGIES

    click.echo("strategies:  " + ", ".join(STRATEGIES.names()))
    click.echo("forecasters: " + ", ".join(FORECASTERS.names()))


@contextmanager
def _folder(out: Path | None, name: str) -> Iterator[Path]:
    """Yield `out`, or hold ``runs/NAME-YYYYMMDD-HHMMSS`` while a replay runs.

    A count stands behind it when two start in one second. What stays empty goes again.
    """
    if out is not None:
        yield out
        return
    root = Path("runs")
    stem = f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    folder = root / stem
    require_writable(folder)
    for count in itertools.count(2):
        try:
            folder.mkdir(parents=True)
            break
        except FileExistsError:
            folder = root / f"{stem}-{count}"
    try:
        yield folder
    finally:
        for empty in (folder, root):
            with suppress(OSError):  # not empty: there are runs in it
                empty.rmdir()
