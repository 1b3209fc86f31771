"""A prior as tables for the terminal."""

from rich.console import Console
from rich.markup import escape

from newsvol.cli.console import new_table, print_lines, print_table
from newsvol.replays.report.wording import number
from newsvol.signals.volatility.diurnal import PRIOR_SESSIONS
from newsvol.signals.volatility.prior import PIECES, ROWS, WARM_UP, Prior


def print_prior(console: Console, prior: Prior, source: str) -> None:
    """Print what `prior` was fitted on, what it says, and how much that counts."""
    table = new_table(console, ["symbol", "first", "last", "sessions", "minutes a session"])
    for one in prior.members:
        days = str(one.first), str(one.last)
        table.add_row(escape(one.symbol), *days, f"{one.sessions:,}", f"{one.minutes:,}")
    print_table(console, f"Prior {source}, fitted on", table)
    fitted = new_table(console, ["column", "coefficient"])
    for name, value in prior.coefficients.items():
        fitted.add_row(escape(name), number(value, 3, sign=True))
    print_table(console, "ln z, its pooled regression", fitted)
    minutes = prior.members[0].minutes / PIECES
    curve = new_table(console, ["minutes of the session", "variance per hour, mean 1"])
    for piece, value in enumerate(prior.curve):
        part = f"{piece * minutes:.0f} to {(piece + 1) * minutes:.0f}"
        curve.add_row(part, number(float(value), 3))
    print_table(console, "Time of day", curve)
    print_lines(
        console,
        [
            f"Counts as {ROWS:.0f} buckets of a tape's own in a regression, and as {PRIOR_SESSIONS:.0f} "
            f"sessions in the curve; the first forecast comes after {WARM_UP + 1} buckets.",
            f"On anything up to {prior.last} it is hindsight: what is forecast with it there says so.",
        ],
    )
