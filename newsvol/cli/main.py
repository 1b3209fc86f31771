"""The ``newsvol`` command: its groups, loaded when called, and its error boundary."""

import importlib
import os
import sys

import click

from newsvol import __version__

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

EXIT_INPUT = 2
EXIT_INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports them when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which users come for them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command, or None."""
        if cmd_name not in _COMMANDS:
            return None
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

        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]!r}{nearest(args[0], _COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="newsvol")
def cli() -> None:
    """Backtest with news and machine-learned volatility; the time the models take is charged to the clock.

    \b
    Start here:
      newsvol replay                     replay the embedded synthetic tape
      newsvol tape import --help         make a tape of your own bars and news
      newsvol replay --tape TAPE         replay it
    """


def main() -> None:
    """Run the command line; what the user can mend is one line on stderr and exit code 2."""
    from newsvol.engine.errors import InputError

    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; nothing was left half-written", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(EXIT_INPUT)
    except click.ClickException as error:
        path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "newsvol"
        message = " ".join(error.format_message().split()).rstrip(".")
        click.echo(f"{path}: {message}; see: {path} --help", err=True)
        sys.exit(error.exit_code)
    except InputError as error:
        click.echo(f"newsvol: {error}", err=True)
        sys.exit(EXIT_INPUT)
    except BrokenPipeError:
        # the reader (head, less) has left; python would complain again while closing stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
