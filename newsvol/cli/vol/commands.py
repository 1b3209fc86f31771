"""``newsvol vol``: are the volatility forecasts any good, and is that beyond chance?"""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsvol.cli.progress import stages
from newsvol.cli.recipe_options import chosen_recipe, recipe_options
from newsvol.engine.errors import InputError

if TYPE_CHECKING:
    from newsvol.engine.arrays import FloatArray
    from newsvol.engine.progress import OnProgress
    from newsvol.replays.evaluation.volatility.evaluation import Request
    from newsvol.replays.simulation.recipe import Recipe
    from newsvol.replays.tapes.tape import Tape


@click.group()
def vol() -> None:
    """Evaluate volatility forecasts, and choose settings without looking at the test span."""


def _shared(command: Any) -> Any:
    """Add the options that both commands have."""
    for option in reversed(
        (
            click.option("--tape", required=True, type=click.Path(path_type=Path), help="Tape folder."),
            click.option(
                "--recipe", type=click.Path(path_type=Path), help="Recipe file; without it, the shipped one."
            ),
            click.option(
                "--forecaster",
                "forecasters",
                multiple=True,
                metavar="NAME",
                help="Use only this forecaster beside the baselines; repeatable.",
            ),
            recipe_options(
                first="First day of the test span; without it, the last third of the tape.",
                last="Last day of the test span.",
            ),
            click.option(
                "--events",
                metavar="us|none|FILE",
                help="Scheduled events, known ahead: the shipped ones (FOMC, CPI, NFP; the default on a US "
                "tape), none, or a CSV or iCalendar file.",
            ),
            click.option(
                "--event",
                "event_names",
                multiple=True,
                metavar="NAME",
                help="Use only these of them; repeatable.",
            ),
            click.option(
                "--no-news", is_flag=True, help="Leave the headlines out; no sentiment model is needed."
            ),
            click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else."),
        )
    ):
        command = option(command)
    return command


@vol.command()
@_shared
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="New folder: page with plots, JSON, every forecast.",
)
def evaluate(
    tape: Path,
    recipe: Path | None,
    no_news: bool,
    as_json: bool,
    out: Path | None,
    **options: Any,
) -> None:
    """Score every forecaster beside its baselines on the test span, with tests, cuts and news placebos.

    QLIKE and its excess over the noise floor, Diebold-Mariano against raw HAR and the best naive forecast,
    the 90% Model Confidence Set, Mincer-Zarnowitz; by time of day, month and news hour. The news is shown
    beside placebos that cannot help. What does not beat its baseline is printed as such.

    \b
    Examples:
      newsvol vol evaluate --tape tapes/spy
      newsvol vol evaluate --tape tapes/spy --from 2025-01-01 --out runs/vol-spy
      newsvol vol evaluate --tape tapes/spy --no-news --set volatility.window=1000
    """
    from newsvol.cli.console import new_console
    from newsvol.cli.vol.tables import print_evaluation
    from newsvol.replays.evaluation.volatility.evaluation import evaluate as run_evaluation
    from newsvol.replays.folders import require_writable
    from newsvol.replays.report.evaluation.folder import PAGE, write_evaluation

    if out is not None:
        require_writable(out)
    changed = {key: options.pop(key) for key in ("assignments", "seed", "name")}
    request = _request(**options)
    with stages(show=not as_json) as on_progress:
        source, chosen, probs = _read(tape, chosen_recipe(recipe, changed), no_news, on_progress)
        evaluation = run_evaluation(source, chosen, probs, request, on_progress)
        if out is not None:
            write_evaluation(evaluation, out)
    if as_json:
        click.echo(json.dumps(evaluation.as_json(), indent=1))
        return
    print_evaluation(new_console(), evaluation, out / PAGE if out is not None else None)


@vol.command()
@_shared
@click.option("--window", "windows", multiple=True, type=click.IntRange(1), help="Buckets; repeatable.")
@click.option("--ridge", "ridges", multiple=True, type=float, help="Rows of evidence; repeatable.")
@click.option(
    "--half-lives",
    "half_lives",
    multiple=True,
    metavar="H,H...",
    help="Hours, as in 1,4,24; repeatable for several sets.",
)
def sweep(
    tape: Path,
    recipe: Path | None,
    no_news: bool,
    as_json: bool,
    windows: tuple[int, ...],
    ridges: tuple[float, ...],
    half_lives: tuple[str, ...],
    **options: Any,
) -> None:
    """Try windows, ridges and half-lives on a validation span; score the chosen ones once on the test span.

    The validation span is as long as the test span and lies just before it. Trials run on a tape that ends
    where the test span begins, so nothing in it can sway the choice; every trial is counted.

    \b
    Examples:
      newsvol vol sweep --tape tapes/spy
      newsvol vol sweep --tape tapes/spy --window 500 --window 2000 --half-lives 1,4 --ridge 100
    """
    from newsvol.cli.console import new_console
    from newsvol.cli.vol.tables import print_sweep
    from newsvol.replays.evaluation.volatility.sweep import Grid
    from newsvol.replays.evaluation.volatility.sweep import sweep as run_sweep

    usual = Grid()
    grid = Grid(
        windows=windows or usual.windows,
        ridges=ridges or usual.ridges,
        half_lives_hours=tuple(map(_hours, half_lives)) or usual.half_lives_hours,
    )
    changed = {key: options.pop(key) for key in ("assignments", "seed", "name")}
    request = _request(**options)
    with stages(show=not as_json) as on_progress:
        source, chosen, probs = _read(tape, chosen_recipe(recipe, changed), no_news, on_progress)
        result = run_sweep(source, chosen, probs, request, grid, on_progress)
    if as_json:
        click.echo(json.dumps(result.as_json(), indent=1))
        return
    print_sweep(new_console(), result)


@vol.command()
@click.option(
    "--events", default="us", show_default=True, metavar="us|FILE", help="The shipped schedule, or a file."
)
@click.option("--tape", type=click.Path(path_type=Path), help="Count the events on this tape, too.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="List the events from this day on.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="List the events up to this day.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def calendar(
    events: str, tape: Path | None, first: datetime | None, last: datetime | None, as_json: bool
) -> None:
    """Show the scheduled events that forecasters may know ahead, and how far each series reaches.

    The shipped schedule has the statements of the FOMC, the CPI and the employment report (NFP). What was
    moved or cancelled counts as planned until that was announced; what was not scheduled is never used.

    \b
    Examples:
      newsvol vol calendar
      newsvol vol calendar --from 2025-10-01 --to 2025-12-31
      newsvol vol calendar --events mine.ics --tape tapes/spy
    """
    from newsvol.cli.console import new_console
    from newsvol.cli.vol.calendar import as_json_of, print_calendar
    from newsvol.replays.tapes.schedules import load_schedule, schedule_file
    from newsvol.replays.tapes.tape import load_tape

    if first is not None and last is not None and last < first:
        raise InputError(f"--to {last:%Y-%m-%d} is before --from {first:%Y-%m-%d}")
    schedule = load_schedule(schedule_file(events))
    days = (first.date() if first is not None else None, last.date() if last is not None else None)
    source = load_tape(tape) if tape is not None else None
    if as_json:
        click.echo(json.dumps(as_json_of(schedule, events, days, source), indent=1))
        return
    print_calendar(new_console(), schedule, events, days, source)


@vol.command()
@click.option(
    "--file", "source", default="us", show_default=True, metavar="us|FILE", help="The prior to show."
)
@click.option(
    "--fit",
    "tapes",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Fit one on this tape instead; repeatable.",
)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Fit on nothing after this day.")
@click.option(
    "--events", default="us", show_default=True, metavar="us|none|FILE", help="Whose effect is learnt, too."
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE.json", help="New file for what is fitted."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def prior(
    source: str,
    tapes: tuple[Path, ...],
    until: datetime | None,
    events: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Show the prior that short tapes are shrunk towards, or fit one on tapes of yours.

    A prior holds what a panel of tapes says of a regression and of the time of day. With it a tape of five
    sessions can be replayed: volatility.prior is us, a file, none, or auto (the shipped one on a US tape
    that begins after its data, or that is too short without). A tape's own rows outweigh it as they come.

    \b
    Examples:
      newsvol vol prior
      newsvol vol prior --fit tapes/qqq --fit tapes/spy --until 2025-06-30 --out prior.json
      newsvol replay --tape tapes/week --set volatility.prior=prior.json
    """
    from newsvol.cli.console import new_console
    from newsvol.cli.vol.prior import print_prior
    from newsvol.replays.folders import new_file
    from newsvol.replays.tapes.panel import fit_on_tapes
    from newsvol.replays.tapes.schedules import load_schedule, schedule_file
    from newsvol.signals.volatility.prior import prior_file, read_prior

    if not tapes:
        if until is not None or out is not None:
            raise InputError("--until and --out are for a prior that is fitted; say on what with --fit TAPE")
        shown, name = read_prior(prior_file(source)), source
    else:
        if out is None:
            raise InputError("a prior that is fitted needs a file to go to: --out FILE.json")
        schedule = None
        if events != "none":
            schedule = load_schedule(schedule_file(events))
        with stages(show=not as_json) as on_progress:
            shown = fit_on_tapes(tapes, schedule, until.date() if until is not None else None, on_progress)
        new_file(out, shown.to_json())
        name = str(out)
    if as_json:
        click.echo(shown.to_json(), nl=False)
        return
    print_prior(new_console(), shown, name)


def _request(
    forecasters: tuple[str, ...],
    first: datetime | None,
    last: datetime | None,
    events: str | None,
    event_names: tuple[str, ...],
) -> "Request":
    from newsvol.replays.evaluation.volatility.evaluation import Request
    from newsvol.replays.tapes.schedules import load_schedule, schedule_file

    if event_names and events == "none":
        raise InputError("--event names events, and --events none leaves all of them out")
    schedule = None
    if event_names and events is None:
        events = "us"
    if events not in (None, "none"):
        schedule = load_schedule(schedule_file(str(events)), event_names)
    return Request(
        forecasters=forecasters,
        first=first.date() if first is not None else None,
        last=last.date() if last is not None else None,
        schedule=schedule,
        with_events=events != "none",
    )


def _read(
    tape: Path, recipe: "Recipe", no_news: bool, on_progress: "OnProgress"
) -> "tuple[Tape, Recipe, FloatArray | None]":
    """Return the tape, the recipe, and the sentiment of each headline; None where there is none to score."""
    from newsvol.models.cache import cache_folder
    from newsvol.replays.replay import load_model
    from newsvol.replays.tapes.tape import load_tape
    from newsvol.signals.sentiment import score_in_bulk

    source = load_tape(tape)
    texts = [] if no_news else source.news.headline.tolist()
    if not texts:
        return source, recipe, None
    on_progress("Scoring headlines", 0, len(texts))
    scorer = load_model(recipe.sentiment.model, recipe.sentiment.device)
    probs = score_in_bulk(scorer, texts, cache_folder("scores"))
    on_progress("Scoring headlines", len(texts), len(texts))
    return source, recipe, probs


def _hours(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r}: write hours with commas, as in 1,4,24") from None
