"""The ``newsvol`` command and its groups, loaded when called; `boundary` tells what they raise."""

import importlib
import sys
from pathlib import Path

import click

from newsvol import __version__
from newsvol.cli.boundary import FLAG, PROGRAM, VARIABLE, leave, run

# module, attribute and one line of help of each command; nothing is imported for `newsvol --help`.
_COMMANDS = {
    "replay": (
        "newsvol.cli.replay",
        "replay",
        "Replay history: bars and news in, forecasts, PnL and latency out.",
    ),
    "tape": (
        "newsvol.cli.tape.commands",
        "tape",
        "Import, check, show and synthesize tapes of bars and news.",
    ),
    "vol": (
        "newsvol.cli.vol.commands",
        "vol",
        "Evaluate volatility forecasts beside their baselines; sweep settings.",
    ),
    "audit": ("newsvol.cli.audit", "audit", "Audit a recipe for look-ahead, your own plug-ins included."),
    "runs": ("newsvol.cli.runs.commands", "runs", "List, show and compare finished runs."),
    "sentiment": (
        "newsvol.cli.sentiment.commands",
        "sentiment",
        "Train, evaluate and use the sentiment model.",
    ),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports them when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which users come for them."""
        return [*_COMMANDS, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command, or None."""
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, attribute, _ = _COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, _, help_line) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when there is none of that name."""
        from newsvol.engine.errors import nearest

        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]!r}{nearest(args[0], known)}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=PROGRAM)
@click.option(
    FLAG, is_flag=True, expose_value=False, help=f"Show the traceback of an error; anywhere, or {VARIABLE}=1."
)
def cli() -> None:
    """Backtest with news and machine-learned volatility; the time the models take is charged to the clock.

    \b
    Start here:
      newsvol replay                     replay the embedded synthetic tape
      newsvol tape import --help         make a tape of your own bars and news
      newsvol replay --tape TAPE         replay it
    """


def main() -> None:
    """Run the command line and exit; see `boundary.run`."""
    # Started with -m, argv[0] is this package's __main__.py; click would name the program like this too.
    program = "python -m newsvol" if Path(sys.argv[0]).name == "__main__.py" else PROGRAM
    leave(run(cli, sys.argv[1:], program))
