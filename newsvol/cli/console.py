"""Tables and sentences on the terminal.

The best of a column carries a ``*``, so that nothing depends on colour; piped, the tables are plain ASCII.
"""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from newsvol.replays.runs.schema import Number

_PIPED_WIDTH = 200
_PLAIN = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)


def new_console() -> Console:
    """Return a console on stdout; where that is no terminal there is no width to fit, so nothing is cut."""
    console = Console()
    return console if console.is_terminal else Console(width=_PIPED_WIDTH)


def print_table(console: Console, title: str, table: Table) -> None:
    """Print a blank line, the title and the table."""
    console.print()
    console.print(title, style="bold", markup=False, highlight=False, soft_wrap=True)
    console.print(table)


def print_lines(console: Console, lines: Iterable[str]) -> None:
    """Print sentences as they are: a path or a verdict is for copying, so it is not broken by the width."""
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def new_table(console: Console, columns: Sequence[str], texts: int = 1) -> Table:
    """Return an empty table whose first `texts` columns are text and whose others are numbers.

    Text is folded where the terminal is too narrow, since names are for copying; numbers keep their line.
    """
    table = Table(
        box=box.SIMPLE_HEAD if console.is_terminal else _PLAIN,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        header_style="",
    )
    for place, column in enumerate(columns):
        if place < texts:
            table.add_column(column, overflow="fold", vertical="bottom")
        else:
            table.add_column(column, justify="right", no_wrap=True)
    return table


def marked(shown: str, value: Number, best: Number) -> str:
    """Return `shown`, bold and starred where it is the best of its column, as wide as if it were."""
    return f"[bold]{shown}*[/bold]" if value is not None and value == best else f"{shown} "
