"""``newsvol runs``: what is in the run folders."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from newsvol.cli.console import new_console, new_table, print_lines, print_table
from newsvol.cli.runs.tables import print_metrics
from newsvol.replays.report.wording import (
    FILL_WORDS,
    NOTHING,
    TICK_WORDS,
    day,
    milliseconds,
    number,
    recording_lines,
    shown_hash,
)
from newsvol.replays.runs.comparison import Comparison, MetricPair, compare_runs
from newsvol.replays.runs.reader import Run, find_run, list_runs

_OUTCOMES = (
    (r"forecast\.models\.(.+)\.qlike", "{} QLIKE"),
    (r"strategies\.(.+)\.fills\.FILL\.total_return_pct", "{} return, %"),
    (r"strategies\.(.+)\.fills\.FILL\.sharpe", "{} Sharpe"),
    (r"strategies\.(.+)\.fills\.FILL\.max_drawdown_pct", "{} max drawdown, %"),
    (r"latency\.stages\.([a-z_]+)\.total\.(p50|p99)_ms", "{} latency {}, ms"),
)
"""What ``compare`` shows of all metrics, and under which title."""

_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder that holds the run folders.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")


@click.group()
def runs() -> None:
    """List, show and compare finished runs.

    \b
    Example:
      newsvol runs list
      newsvol runs show spy-news
      newsvol runs compare spy-news spy-news-zero
    """


@runs.command("list")
@_ROOT
@_JSON
def list_command(root: Path, as_json: bool) -> None:
    """List the runs under a folder, with what came out of each.

    \b
    Example:
      newsvol runs list --root runs
    """
    found, damaged = list_runs(root)
    if as_json:
        _print_json({"runs": [run.as_json() for run in found], "damaged": [str(error) for error in damaged]})
        return
    console = new_console()
    if found:
        columns = ["run", "tape", "from", "latency", "QLIKE", "vs HAR %", "Sharpe", "b&h"]
        table = new_table(console, columns, texts=4)
        for run in found:
            table.add_row(*map(escape, _list_row(run)))
        print_table(console, f"Runs in {root}", table)
        note = "QLIKE: the forecast that was traded. Sharpe: the recipe's first strategy; b&h: buy and hold."
        print_lines(console, ["", note])
    elif not damaged:
        print_lines(console, [f"No runs in {root}; make one with: newsvol replay --help"])
    for error in damaged:
        click.echo(f"left out: {error}", err=True)


@runs.command("show")
@click.argument("run")
@_ROOT
@_JSON
def show_command(run: str, root: Path, as_json: bool) -> None:
    """Show one RUN: a run folder, or the name of one under the root.

    \b
    Example:
      newsvol runs show runs/spy-news
      newsvol runs show spy-news --json
    """
    shown = find_run(run, root)
    if as_json:
        _print_json(shown.as_json())
        return
    console = new_console()
    print_lines(console, _about(shown))
    report = shown.folder / "report.html"
    print_metrics(console, shown.metrics, shown.manifest.fill, report if report.is_file() else None)


@runs.command("compare")
@click.argument("first")
@click.argument("second")
@_ROOT
@_JSON
def compare_command(first: str, second: str, root: Path, as_json: bool) -> None:
    """Compare two runs, FIRST and SECOND: what they were given, then what came out.

    \b
    Example:
      newsvol runs compare runs/spy-news runs/spy-news-zero
    """
    sides = (find_run(first, root), find_run(second, root))
    comparison = compare_runs(*sides)
    if as_json:
        _print_json(_comparison_json(sides, comparison))
        return
    console = new_console()
    print_lines(console, [f"first:  {sides[0].folder}", f"second: {sides[1].folder}"])
    differing = [*comparison.settings, *comparison.recipe]
    if differing:
        table = new_table(console, ["setting", "first", "second"], texts=3)
        for one in differing:
            table.add_row(*map(escape, [one.key, _value(one.first), _value(one.second)]))
        print_table(console, "What differs", table)
    else:
        print_lines(console, ["Same tape, recipe, model, seed and versions."])
    if not comparison.like_for_like:
        print_lines(
            console, ["The tapes differ, or their days: the numbers below are about different markets."]
        )
    fill = sides[0].manifest.fill
    table = new_table(console, ["metric", "first", "second", "change"])
    for pair in comparison.metrics:
        if cells := _outcome_row(pair, fill):
            table.add_row(*map(escape, cells))
    print_table(console, f"What came out ({FILL_WORDS[fill]} fills)", table)
    print_lines(console, ["", "Every metric: newsvol runs compare FIRST SECOND --json"])


def _about(run: Run) -> list[str]:
    manifest, span = run.manifest, run.metrics.span
    lines = [
        f"{manifest.name} ({manifest.run_id}), {run.folder}",
        f"{manifest.tape.instrument}, {day(span.first_ns)} to {day(span.last_ns)}: "
        f"{span.sessions:,} sessions, {span.bars:,} bars, {span.headlines:,} headlines",
        f"tape {shown_hash(manifest.tape_hash)}, recipe {shown_hash(manifest.recipe_hash)}, "
        f"model {shown_hash(manifest.model_hash)}, recording {shown_hash(manifest.recording_hash)}",
        f"seed {manifest.seed}, latency {manifest.latency}, device {manifest.device}",
        *(f"plug-in: {what}, {plug_in}" for what, plug_in in manifest.plug_ins.items()),
        *recording_lines(manifest.recording),
    ]
    if manifest.tape.synthetic:
        lines.append("The market is synthetic: these numbers say nothing about a real one.")
    return lines


def _list_row(run: Run) -> list[str]:
    metrics, manifest = run.metrics, run.manifest
    traded = metrics.forecast.models[metrics.forecast.main]
    rivals = (metrics.main_strategy, metrics.buy_and_hold)
    return [
        run.folder.name,
        f"{manifest.tape.instrument}{' (synthetic)' if manifest.tape.synthetic else ''}",
        day(metrics.span.first_ns),
        manifest.latency,
        number(traded.qlike, 4),
        number(traded.qlike_vs_har_pct, 1, sign=True),
        *(number(metrics.strategies[name].fills[manifest.fill].sharpe) for name in rivals),
    ]


def _outcome_row(pair: MetricPair, fill: str) -> list[str] | None:
    """Return the cells of a metric that the table shows, None for one that is for ``--json`` only."""
    matches = ((re.fullmatch(form.replace("FILL", fill), pair.key), title) for form, title in _OUTCOMES)
    for found, title in matches:
        if found is None:
            continue
        label = title.format(*(TICK_WORDS.get(part, part) for part in found.groups()))
        if pair.key.endswith("_ms"):
            sign = "+" if pair.change is not None and pair.change > 0 else ""
            return [
                label,
                milliseconds(pair.first),
                milliseconds(pair.second),
                sign + milliseconds(pair.change),
            ]
        digits = 4 if pair.key.endswith("qlike") else 2
        changed = number(pair.change, digits, sign=True)
        return [label, number(pair.first, digits), number(pair.second, digits), changed]
    return None


def _comparison_json(sides: tuple[Run, Run], comparison: Comparison) -> dict[str, Any]:
    return {
        "first": str(sides[0].folder),
        "second": str(sides[1].folder),
        "like_for_like": comparison.like_for_like,
        "settings": [asdict(difference) for difference in comparison.settings],
        "recipe": [asdict(difference) for difference in comparison.recipe],
        "metrics": [{**asdict(pair), "change": pair.change} for pair in comparison.metrics],
    }


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=1, default=str))


def _value(value: Any) -> str:
    text = NOTHING if value is None else str(value)
    return shown_hash(text) if text.startswith("sha256:") else text
