"""Which column holds what: names are matched without case and punctuation, and can be said with --map."""

from collections.abc import Mapping
from typing import Final

from newsvol.engine.errors import ConventionError, nearest
from newsvol.replays.tapes.importing.raw_table import RawTable, plain

BAR_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "stamp": (
        *(
            "timestamp",
            "datetime",
            "dates",
            "ts",
            "tsutc",
            "timestamputc",
            "datetimeutc",
            "timeutc",
            "dateutc",
        ),
        *("windowstart", "opentime", "beginsat", "barstart", "start", "date", "time", "t", "stamp", "index"),
    ),
    "time": ("time", "hour"),
    "open": ("open", "o", "openprice", "first"),
    "high": ("high", "h", "highprice", "max"),
    "low": ("low", "l", "lowprice", "min"),
    "close": ("close", "c", "closeprice", "last", "price", "closelast"),
    "volume": ("volume", "v", "vol", "size", "totalvolume", "sharevolume"),
    "trades": ("trades", "transactions", "n", "tradecount", "numtrades", "numberoftrades", "barcount"),
    "symbol": ("symbol", "ticker", "sym", "instrument"),
}
"""Known names of each role of a bar file, the likeliest first."""

NEWS_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "stamp": (
        *("timestamp", "datetime", "ts", "tsutc", "publishedat", "publishedutc", "published", "pubdate"),
        *("publicationdate", "createdat", "timepublished", "date", "dates", "time", "stamp", "index"),
    ),
    "time": ("time", "hour"),
    "headline": (
        "headline",
        "headlines",
        "title",
        "text",
        "news",
        "content",
        "tweet",
        "message",
        "summary",
        "body",
    ),
    "source": ("publisher", "source", "provider", "site", "outlet", "author", "dataset"),
}
"""Known names of each role of a news file, the likeliest first."""

HEADER_NAMES: Final = frozenset(
    name for names in (*BAR_NAMES.values(), *NEWS_NAMES.values()) for name in names if len(name) > 1
) | {"o", "h", "l", "c", "v", "t", "n"}


def find_columns(
    table: RawTable,
    names: Mapping[str, tuple[str, ...]],
    declared: Mapping[str, str],
    needed: tuple[str, ...],
) -> dict[str, str]:
    """Return the column of each role that the file has.

    Parameters
    ----------
    names : mapping of role to known names
        `BAR_NAMES` or `NEWS_NAMES`.
    said : mapping of role to column
        The user's own mapping; it wins, where the file has that column.
    needed : tuple of str
        Roles that the file cannot do without.

    Raises
    ------
    ConventionError
        A needed role has no column; the message lists what the file has and the option to pass.
    """
    by_name: dict[str, str] = {}
    for column in table.frame.columns:
        by_name.setdefault(plain(column), str(column))
    found: dict[str, str] = {}
    for role, known in names.items():
        wanted = declared.get(role)
        if wanted is not None and plain(wanted) in by_name:
            found[role] = by_name[plain(wanted)]
            continue
        taken = set(found.values())
        free = (by_name[name] for name in known if name in by_name and by_name[name] not in taken)
        if (match := next(free, None)) is not None:
            found[role] = match
    if "time" in found and ("stamp" not in found or plain(found["stamp"]) not in {"date", "dates"}):
        # A column of times of day means something beside a column of dates only.
        del found["time"]
    for role in needed:
        if role not in found:
            has = ", ".join(map(str, table.frame.columns))
            header = "has the columns"
            if not table.has_header:
                first = table.split_at.join(map(str, table.frame.iloc[0]))[:60] if len(table.frame) else ""
                header = f"has no header row that is known (first row: {first!r}); its columns are"
            raise ConventionError(
                f"{table.name} {header} {has}: none is known to be the {role}; pass --map {role}=COLUMN"
            )
    return found


def require_mapped(declared: Mapping[str, str], tables: tuple[RawTable, ...]) -> None:
    """Raise `ConventionError` if a role is unknown or its column is in no file, with the nearest name."""
    for role, column in declared.items():
        roles = {*BAR_NAMES, *NEWS_NAMES}
        if role not in roles:
            raise ConventionError(
                f"--map {role}={column}: no role {role!r}{nearest(role, roles)}; "
                f"roles: {', '.join(sorted(roles))}"
            )
        have = {str(name) for table in tables for name in table.frame.columns}
        if plain(column) not in {plain(name) for name in have}:
            raise ConventionError(
                f"--map {role}={column}: no file has a column {column!r}{nearest(column, have)}; "
                f"columns: {', '.join(sorted(have))}"
            )
