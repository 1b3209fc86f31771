"""One file of raw bars to a `BarFrame`: conventions proven, bad rows put aside."""

from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray, IntArray
from newsvol.engine.errors import ConventionError, QuarantineError, TapeError
from newsvol.engine.frames import BarFrame
from newsvol.replays.tapes.calendar import session_of, sessions_between
from newsvol.replays.tapes.importing.columns import BAR_NAMES, find_columns
from newsvol.replays.tapes.importing.edges import bar_length, require_one_length
from newsvol.replays.tapes.importing.numbers import read_numbers
from newsvol.replays.tapes.importing.order import in_order
from newsvol.replays.tapes.importing.prints import BAD_BODY, bad_bodies, mended
from newsvol.replays.tapes.importing.quarantine import Sieve
from newsvol.replays.tapes.importing.raw_table import RawTable
from newsvol.replays.tapes.importing.request import FileReport, ImportRequest
from newsvol.replays.tapes.importing.spans import Spans, daily_spans, intraday_spans, is_daily
from newsvol.replays.tapes.importing.stamps import read_stamps
from newsvol.replays.tapes.importing.zones import activity
from newsvol.replays.tapes.tape import BadPrintFrame

LEAN_SCALE = 1e-4


@dataclass(frozen=True)
class FileBars:
    """The bars of one file, the length that most of them have, and how they were understood."""

    bars: BarFrame
    bad_prints: BadPrintFrame
    bar_ns: int
    report: FileReport
    sieve: Sieve
    symbol: str | None


def bars_of(table: RawTable, request: ImportRequest) -> FileBars:
    """Understand one file of bars.

    Raises
    ------
    ConventionError
        A column, the zone or the edge of the stamps could not be proven.
    TapeError
        No row can be used.
    """
    columns = find_columns(table, BAR_NAMES, request.columns, ("stamp", "close"))
    missing = [role for role in ("open", "high", "low") if role not in columns]
    if missing and not request.close_only:
        has = ", ".join(f"{role} ({column})" for role, column in columns.items())
        raise ConventionError(
            f"{table.name} has no {', '.join(missing)}, only {has}; pass --close-only to build bars "
            f"from closes, or --map {missing[0]}=COLUMN"
        )
    sieve = Sieve(table)
    symbol = _one_symbol(table, columns, request.instrument, sieve)
    _require_rows(table, sieve)
    stamps = read_stamps(
        table.frame[columns["stamp"]], table.frame[columns["time"]] if "time" in columns else None, table.name
    )
    sieve.hold(~stamps.valid, "unreadable stamp")
    numbers, written = read_numbers(table, columns, request.decimal)
    _require_rows(table, sieve)
    if is_daily(stamps):
        spans = daily_spans(table, stamps, request, sieve)
    else:
        bar_ns = bar_length(stamps.wall_ns[sieve.kept])
        require_one_length(table.name, stamps.wall_ns[sieve.kept], bar_ns)
        # Returns are those of time, not of the file: it may run backward, or be shuffled.
        in_time = np.argsort(stamps.wall_ns, kind="stable")
        seen = activity(numbers["volume"], numbers["trades"], numbers["close"], bar_ns, in_time)
        spans = intraday_spans(table, stamps, seen, request, sieve)
    _hold_bad_values(table, columns, numbers, sieve, close_only=bool(missing))
    ordered, moves = in_order(spans.open_ns, sieve)
    ordered = _without_bad_bodies(numbers, ordered, sieve, close_only=bool(missing))
    _require_rows(table, sieve)
    sieve.require_clean(request.max_quarantined)
    bars, bad_prints = mended(
        _frame(spans, numbers, ordered, LEAN_SCALE if table.form == "lean" else 1.0, bool(missing), request)
    )
    notes = (*table.notes, *written, *moves)
    if missing:
        notes = (*notes, f"no {', '.join(missing)}: built from closes")
    report = FileReport(
        file=table.name,
        kind="bars",
        sha256=table.sha256,
        read=len(table),
        kept=len(bars),
        quarantined=sieve.counts(),
        columns=columns,
        zone=spans.zone,
        stamp=spans.stamp,
        evidence=(*notes, *spans.evidence, *_off_market(bad_prints)),
    )
    return FileBars(bars, bad_prints, spans.bar_ns, report, sieve, symbol)


def _off_market(bad_prints: BadPrintFrame) -> tuple[str, ...]:
    if not len(bad_prints):
        return ()
    bars = "1 bar has" if len(bad_prints) == 1 else f"{len(bad_prints):,} bars have"
    return (f"{bars} a high or low off the market: open or close stands for it",)


def _require_rows(table: RawTable, sieve: Sieve) -> None:
    if not sieve.kept.any():
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in sieve.counts().items())
        raise QuarantineError(
            f"{table.name}: none of its {len(table):,} rows can be used ({reasons}{sieve.about_fields()})",
            sieve.rows(),
        )


def _one_symbol(table: RawTable, columns: dict[str, str], instrument: str | None, sieve: Sieve) -> str | None:
    if "symbol" not in columns:
        if table.symbol is not None and instrument is not None and table.symbol != instrument.upper():
            raise TapeError(
                f"{table.name} holds {table.symbol}, not {instrument}; pass --instrument {table.symbol}"
            )
        return table.symbol
    names = table.frame[columns["symbol"]].astype(str).str.strip().str.upper()
    counts = names[(names != "") & sieve.kept].value_counts()
    if not len(counts):
        return None
    held = ", ".join(map(str, counts.index[:5]))
    if instrument is None and len(counts) > 1:
        raise TapeError(
            f"{table.name} holds {len(counts)} instruments ({held}); pass --instrument {counts.index[0]}"
        )
    symbol = str(counts.index[0]) if instrument is None else instrument.upper()
    if symbol not in counts.index:
        raise TapeError(f"{table.name} holds {held}, not {symbol}; pass --instrument {counts.index[0]}")
    sieve.hold((names != symbol).to_numpy(dtype=np.bool_), "another instrument")
    return symbol


def _hold_bad_values(
    table: RawTable, columns: dict[str, str], numbers: dict[str, FloatArray], sieve: Sieve, close_only: bool
) -> None:
    used = ["close"] if close_only else ["open", "high", "low", "close"]
    prices = np.stack([numbers[role] for role in used])
    unusable: BoolArray = ~np.all(np.isfinite(prices) & (prices > 0), axis=0)
    sieve.hold(unusable, "price missing or not positive")
    if not close_only:
        with np.errstate(invalid="ignore"):
            high, low = numbers["high"], numbers["low"]
            disorder = np.asarray((high < prices.max(axis=0)) | (low > prices.min(axis=0)))
        sieve.hold(disorder, "high-low range does not hold open and close")
    volume = numbers["volume"]
    sieve.hold(volume < 0, "negative volume")
    if "volume" in columns and table.form != "typed":
        written = table.frame[columns["volume"]].str.strip().str.lower()
        absent = written.isin(["", "nan", "na", "n/a", "null", "none", "-"]).to_numpy(dtype=np.bool_)
        sieve.hold(~np.isfinite(volume) & ~absent, "unreadable volume")


def _without_bad_bodies(
    numbers: dict[str, FloatArray], ordered: IntArray, sieve: Sieve, close_only: bool
) -> IntArray:
    prices = [numbers["close" if close_only else role][ordered] for role in ("open", "high", "low", "close")]
    off = bad_bodies(*prices)
    held = np.zeros(len(numbers["close"]), dtype=np.bool_)
    held[ordered[off]] = True
    sieve.hold(held, BAD_BODY)
    return ordered[~off]


def _frame(
    spans: Spans,
    numbers: dict[str, FloatArray],
    rows: IntArray,
    scale: float,
    close_only: bool,
    request: ImportRequest,
) -> BarFrame:
    open_ns, close_ns = spans.open_ns[rows], spans.close_ns[rows]
    volume = numbers["volume"][rows]
    volume = np.where(np.isfinite(volume), volume, np.nan)
    if not close_only:
        # Dividing by 10,000 gives the double nearest to the written price; multiplying by 1e-4 does not.
        prices = {role: numbers[role][rows] / round(1 / scale) for role in ("open", "high", "low", "close")}
        return BarFrame(open_ns=open_ns, close_ns=close_ns, **prices, volume=volume)
    close = numbers["close"][rows]
    sessions = sessions_between(request.calendar, int(open_ns[0]), int(close_ns[-1]))
    at = session_of(sessions, open_ns)
    opened = np.where(np.diff(at, prepend=-1) == 0, np.roll(close, 1), close)
    return BarFrame(
        open_ns=open_ns,
        close_ns=close_ns,
        open=opened,
        high=np.maximum(opened, close),
        low=np.minimum(opened, close),
        close=close,
        volume=volume,
    )
