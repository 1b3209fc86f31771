"""What is changed in a recipe from day to day, as options that every command with a recipe has."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from newsvol.engine.errors import InputError

if TYPE_CHECKING:
    from newsvol.replays.simulation.recipe import Recipe

F = TypeVar("F", bound=Callable[..., Any])

_DAY = click.DateTime(["%Y-%m-%d"])


def _complete_key(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from newsvol.models.config import all_keys
    from newsvol.replays.simulation.recipe import Recipe

    return [CompletionItem(f"{key}=") for key in all_keys(Recipe) if key.startswith(incomplete)]


def recipe_options(first: str, last: str) -> Callable[[F], F]:
    """Return a decorator that adds ``--from``, ``--to``, ``--set``, ``--seed`` and ``--name``.

    Parameters
    ----------
    first, last : str
        Help of ``--from`` and ``--to``.
    """
    options = (
        click.option("--from", "first", type=_DAY, metavar="DATE", help=first),
        click.option("--to", "last", type=_DAY, metavar="DATE", help=last),
        click.option(
            "--set",
            "assignments",
            multiple=True,
            metavar="KEY=VALUE",
            shell_complete=_complete_key,
            help="Change a key of the recipe, as in fusion.form=none; repeatable.",
        ),
        click.option("--seed", type=click.IntRange(0), help="Instead of the recipe's."),
        click.option("--name", help="Instead of the recipe's."),
    )

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def changes_of(
    first: datetime | None = None,
    last: datetime | None = None,
    assignments: tuple[str, ...] = (),
    seed: int | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """Return what the options change, by dotted key.

    Raises
    ------
    InputError
        A ``--set`` is not KEY=VALUE, or its value is no YAML.
    """
    from newsvol.models.config import parse_yaml

    changes: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not all(key.split(".")):
            raise InputError(f"--set {assignment}: write KEY=VALUE, as in --set fusion.form=none")
        changes[key] = parse_yaml(value, f"--set {key}")
    named = {"seed": seed, "name": name, "span.first": first, "span.last": last}
    for key, given in named.items():
        if given is not None:
            changes[key] = given.date() if isinstance(given, datetime) else given
    return changes


def chosen_recipe(file: Path | None, options: Mapping[str, Any]) -> "Recipe":
    """Return the recipe in `file`, or the shipped one, changed by the options of `recipe_options`."""
    from newsvol.replays.simulation.recipe import load_recipe

    return load_recipe(file, changes_of(**options))
