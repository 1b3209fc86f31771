"""``newsvol tape``: vendor files to a tape, and a look at what it holds."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from newsvol.cli.tape.synth import synth
from newsvol.engine.arrays import NS_PER_SECOND
from newsvol.engine.errors import InputError, QuarantineError, TapeError

_SEVERAL = ("--bars", "--news", "--map")


@click.group()
def tape() -> None:
    """Make and inspect tapes: the bars, news and sessions that a replay runs on.

    \b
    Examples:
      newsvol tape import --bars spy.parquet --news headlines.csv --out tapes/spy
      newsvol tape show tapes/spy
    """


tape.add_command(synth)


class SeveralValues(click.Command):
    """A command whose `_SEVERAL` options take every value up to the next option: ``--bars a.csv b.csv``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before each of its values, which is what click understands."""
        spelled: list[str] = []
        option: str | None = None
        for arg in args:
            if arg.startswith("-"):
                name = arg.split("=", 1)[0]
                option = name if name in _SEVERAL else None
                spelled.append(arg)
            elif option is not None and spelled[-1] != option:
                spelled += [option, arg]
            else:
                spelled.append(arg)
        return super().parse_args(ctx, spelled)


@tape.command(
    "import",
    cls=SeveralValues,
    epilog="Example: newsvol tape import --bars spy_1min.csv --news polygon.csv bbc.csv --out tapes/spy",
)
@click.option(
    "--bars",
    "bar_files",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE...",
    help="Bars of one instrument: CSV, Parquet or a LEAN zip. Several files must not overlap.",
)
@click.option(
    "--news",
    "news_files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE...",
    help="Timestamped headlines: CSV or Parquet.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The tape folder to make; it must not exist.",
)
@click.option(
    "--instrument", metavar="NAME", help="Default: the symbol in the files, SPY where there is none."
)
@click.option("--calendar", default="XNYS", show_default=True, help="Exchange calendar of the sessions.")
@click.option(
    "--stamp",
    type=click.Choice(["start", "end"]),
    help="What a bar's stamp marks. Proven from the data if not given.",
)
@click.option(
    "--tz", metavar="ZONE", help="Zone of bar stamps without one. Proven from the data if not given."
)
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="ROLE=COLUMN...",
    help="Say which column is the stamp, open, high, low, close, volume, trades, symbol, headline or source.",
)
@click.option("--news-tz", metavar="ZONE", help="Zone of headline stamps without one; it cannot be proven.")
@click.option(
    "--resolution",
    type=click.Choice(["millisecond", "second", "minute", "hour", "day"]),
    help="What headline stamps were rounded down to. Proven for each source if not given.",
)
@click.option(
    "--feed-delay",
    type=click.FloatRange(min=0, max=86_400),
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="From publication to arrival here, added to every headline.",
)
@click.option(
    "--close-only", is_flag=True, help="Accept bars without open, high and low; build them from closes."
)
@click.option(
    "--decimal",
    type=click.Choice(["point", "comma"]),
    help="The decimal mark of prices. Proven from the data if not given.",
)
@click.option(
    "--max-quarantine",
    type=click.FloatRange(0, 100),
    default=5.0,
    show_default=True,
    metavar="PERCENT",
    help="Refuse a file with more bad rows than this. Rows outside sessions or bars are not bad.",
)
@click.option(
    "--splits",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="CSV of date,ratio (2020-08-31,4): divide the prices before each date, multiply the volumes.",
)
@click.option("--keep-splits", is_flag=True, help="Accept nights that look like unadjusted splits.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def import_(
    bar_files: tuple[Path, ...],
    news_files: tuple[Path, ...],
    out: Path,
    mapped: tuple[str, ...],
    feed_delay: float,
    max_quarantine: float,
    as_json: bool,
    **conventions: Any,
) -> None:
    """Turn vendor files into one validated tape.

    Columns, time zone and start or end stamps are detected, proven and printed; what cannot be proven is
    refused, with the option that says it. Bad rows go to quarantine.csv: read = kept + quarantined. Highs and
    lows far off the market are replaced by the bar's open or close, and kept in bad_prints.parquet.
    """
    from newsvol.cli.console import new_console
    from newsvol.cli.tape.tables import print_import, progress_line
    from newsvol.replays.folders import require_writable
    from newsvol.replays.tapes.importing import ImportRequest, import_tape

    require_writable(out)
    request = ImportRequest(
        bars=bar_files,
        news=news_files,
        columns=_mapping(mapped),
        feed_delay_ns=round(feed_delay * NS_PER_SECOND),
        max_quarantined=max_quarantine / 100,
        **conventions,
    )
    with progress_line() as progress:
        try:
            result = import_tape(request, progress)
        except QuarantineError as error:
            raise TapeError(f"{error}; the rows are in {_keep_rows(error, out)}") from error
        content_hash = result.save(out)
    if as_json:
        info = result.tape.info
        files = [asdict(report) for report in result.reports]
        _print_json(
            {
                "folder": str(out),
                "content_hash": content_hash,
                "instrument": info.instrument,
                "counts": {name: value for name, value in info.counts.items() if name != "files"},
                **{name: info.origin[name] for name in ("splits", "splits_kept") if name in info.origin},
                "files": files,
            }
        )
        return
    print_import(new_console(), result, out, content_hash)


@tape.command(epilog="Example: newsvol tape check tapes/spy")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def check(folder: Path, as_json: bool) -> None:
    """Check a tape against its hash and list its gaps; exit with 2 if it is damaged."""
    from newsvol.cli.console import new_console
    from newsvol.cli.tape.tables import print_check
    from newsvol.replays.tapes.check import check_tape

    loaded = check_tape(folder)
    if as_json:
        _print_json({"folder": str(folder), **loaded.as_json()})
        return
    print_check(new_console(), loaded, folder)


@tape.command(epilog="Example: newsvol tape show tapes/spy --plot spy.html")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="Draw daily closes and headlines per day; the file opens offline.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def show(folder: Path, plot: Path | None, as_json: bool) -> None:
    """Show what a tape holds and where it came from."""
    from newsvol.cli.console import new_console
    from newsvol.cli.tape.tables import print_tape
    from newsvol.replays.tapes.tape import load_tape

    loaded = load_tape(folder)
    if plot is not None:
        from newsvol.cli.tape.picture import draw_tape

        draw_tape(loaded, plot)
    if as_json:
        about = {"folder": str(folder), "content_hash": loaded.content_hash(), **asdict(loaded.info)}
        about |= {"bars": len(loaded.bars), "headlines": len(loaded.news), "sessions": len(loaded.sessions)}
        _print_json({**about, "plot": None if plot is None else str(plot)})
        return
    print_tape(new_console(), loaded, folder, plot)


def _mapping(pairs: Iterable[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for pair in pairs:
        role, equals, column = pair.partition("=")
        if not equals or not role or not column:
            raise InputError(f"--map {pair}: write ROLE=COLUMN, as in --map close=Last")
        columns[role] = column
    return columns


def _keep_rows(error: QuarantineError, out: Path) -> Path:
    """Write the bad rows beside the tape that was not made."""
    file = out.with_name(f"{out.name}.quarantine.csv")
    file.parent.mkdir(parents=True, exist_ok=True)
    error.rows.to_csv(file, index=False, lineterminator="\n")
    return file


def _print_json(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, indent=1, default=str))
