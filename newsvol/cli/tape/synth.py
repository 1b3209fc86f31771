"""``newsvol tape synth``."""

import json
from pathlib import Path

import click


@click.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="New tape folder.")
@click.option(
    "--seed", default=7, show_default=True, type=click.IntRange(0), help="The same seed, the same tape."
)
@click.option("--sessions", default=250, show_default=True, help="Trading sessions.")
@click.option(
    "--headlines", default=1000, show_default=True, help="Headlines, from a grammar of known sentiment."
)
@click.option("--null", is_flag=True, help="Headlines that move nothing: what a fusion must not profit from.")
@click.option("--json", "as_json", is_flag=True, help="Print counts and hash as JSON.")
def synth(out: Path, seed: int, sessions: int, headlines: int, null: bool, as_json: bool) -> None:
    """Draw a synthetic market with planted truth into a tape folder.

    A U-shaped day, log-HAR volatility, leverage, scheduled events, and headlines whose effect on volatility
    decays with a known half-life. truth.json in the folder says what was planted.

    \b
    Examples:
      newsvol tape synth --out tapes/planted
      newsvol tape synth --seed 8 --null --out tapes/null
    """
    from newsvol.replays.folders import require_writable
    from newsvol.replays.tapes.synth import Market, synthesize
    from newsvol.replays.tapes.tape import save_tape

    require_writable(out)
    market = Market(seed=seed, sessions=sessions, headlines=headlines)
    if null:
        market = Market(**market.without_news_effect())
    tape, truth = synthesize(market)
    content_hash = save_tape(tape, out, {"truth.json": json.dumps(truth) + "\n"})
    made = {
        "out": str(out),
        "bars": len(tape.bars),
        "headlines": len(tape.news),
        "content_hash": content_hash,
    }
    if as_json:
        click.echo(json.dumps(made, indent=1))
        return
    click.echo(
        f"{out}: {len(tape.sessions)} sessions, {made['bars']:,} bars, {made['headlines']:,} headlines"
    )
    click.echo(f"planted: {out / 'truth.json'}; {content_hash}")
