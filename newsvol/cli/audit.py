"""``newsvol audit``."""

import json
from pathlib import Path
from typing import Any

import click

from newsvol.cli.progress import stages
from newsvol.cli.recipe_options import chosen_recipe, recipe_options

EXIT_LEAK = 1


@click.command()
@click.argument("recipe", required=False, type=click.Path(path_type=Path))
@click.option(
    "--tape", type=click.Path(path_type=Path), help="Tape folder; without it, the embedded synthetic tape."
)
@click.option(
    "--moments", default=50, show_default=True, type=click.IntRange(1), help="Random times to audit."
)
@recipe_options(
    first="First day that is audited; what lies before is the warm-up.",
    last="Last day; nothing after it is looked at.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the leaks as JSON.")
def audit(recipe: Path | None, tape: Path | None, moments: int, as_json: bool, **options: Any) -> None:
    """Audit RECIPE for look-ahead: change the future at random times, and see what of the past moves.

    Everything that becomes available after a time is redrawn, deleted or blanked, and the replay runs again:
    forecasts and decisions up to then must be equal to the bit. Exits with 1 where one is not. Your own
    strategies and forecasters are audited when the recipe names them. Headlines get drawn sentiment instead
    of the model's, so that no model is needed; latency is the recipe's where it is a rule, otherwise zero.

    \b
    Examples:
      newsvol audit
      newsvol audit my.yaml --tape tapes/spy --moments 200
    """
    import numpy as np

    from newsvol.replays.simulation.audit import audit as run_audit
    from newsvol.replays.tapes.synth import synthetic_tape
    from newsvol.replays.tapes.tape import load_tape

    chosen = chosen_recipe(recipe, options)
    if chosen.latency.model.startswith(("measured", "recorded")):
        chosen = chosen.with_changes(latency="zero")
    source = load_tape(tape) if tape is not None else synthetic_tape()
    probs = np.random.default_rng(chosen.seed).dirichlet(np.ones(3), size=len(source.news))
    with stages(show=not as_json) as on_progress:
        leaks = run_audit(source, chosen, probs, moments, lambda done: on_progress("Auditing", done, moments))
    if as_json:
        found = [{"moment_ns": e.moment_ns, "perturbation": e.perturbation, "what": e.what} for e in leaks]
        click.echo(json.dumps({"moments": moments, "leaks": found}, indent=1))
    else:
        for leak in leaks:
            click.echo(str(leak))
        strategies = ", ".join(str(entry["name"]) for entry in chosen.strategies)
        verdict = f"{len(leaks)} leaks" if leaks else "no look-ahead found"
        click.echo(
            f"{verdict} at {moments} times; audited {chosen.volatility.forecaster}, fused, {strategies}"
        )
    if leaks:
        raise SystemExit(EXIT_LEAK)
