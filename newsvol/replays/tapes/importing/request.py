"""What an import is asked for, and what it says when it is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from newsvol.replays.tapes.importing.resolution import ResolutionName, SourceResolution
from newsvol.replays.tapes.tape import Tape, save_tape

if TYPE_CHECKING:
    import pandas as pd

StampEdge = Literal["start", "end"]
DecimalMark = Literal["point", "comma"]


@dataclass(frozen=True)
class ImportRequest:
    """Files to turn into one tape, and the conventions that the user vouches for.

    Attributes
    ----------
    bars, news : tuple of Path
        Vendor files (CSV, Parquet, LEAN zip); at least one of bars.
    instrument : str, optional
        None takes the symbol that the files carry, and "SPY" where they carry none.
    calendar : str
        Name of an ``exchange_calendars`` calendar.
    stamp : {"start", "end"}, optional
        Which edge of the bar its stamp marks; None proves it from the data.
    tz : str, optional
        Zone of bar stamps that carry none; None proves it from the data.
    news_tz : str, optional
        Zone of headline stamps that carry none. It cannot be proven, so it must be said.
    resolution : {"millisecond", "second", "minute", "hour", "day"}, optional
        What headline stamps with a time of day were rounded down to; None proves it for each source.
    columns : mapping of role to column
        Where detection goes wrong: ``{"close": "Last"}``. Roles of `newsvol.replays.tapes.importing.columns`.
    feed_delay_ns : int
        From a headline's publication to its arrival here; added to every `available_ns`.
    close_only : bool
        Accept bars without open, high and low; they are built from closes.
    decimal : {"point", "comma"}, optional
        The decimal mark of prices in text; None proves it from the data.
    max_quarantined : float
        The share of faulty rows above which a file is refused.
    splits : Path, optional
        Splits that the prices are not adjusted for (CSV ``date,ratio``); they are adjusted for them.
    keep_splits : bool
        Accept nights that look like unadjusted splits.
    """

    bars: tuple[Path, ...]
    news: tuple[Path, ...] = ()
    instrument: str | None = None
    calendar: str = "XNYS"
    stamp: StampEdge | None = None
    tz: str | None = None
    news_tz: str | None = None
    resolution: ResolutionName | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    feed_delay_ns: int = 0
    close_only: bool = False
    decimal: DecimalMark | None = None
    max_quarantined: float = 0.05
    splits: Path | None = None
    keep_splits: bool = False


@dataclass(frozen=True)
class FileReport:
    """How one file was understood, and what became of its rows: `read` = `kept` + sum of `quarantined`."""

    file: str
    kind: Literal["bars", "news"]
    sha256: str
    read: int
    kept: int
    quarantined: Mapping[str, int]
    columns: Mapping[str, str]
    zone: str
    stamp: str
    evidence: tuple[str, ...]
    sources: tuple[SourceResolution, ...] = ()


@dataclass(frozen=True)
class ImportResult:
    """A tape that is ready to be saved, with everything that was left out of it.

    Attributes
    ----------
    quarantine : DataFrame
        Columns ``file, row, reason, text``; `row` is the record's number in its file, from 1.
    """

    tape: Tape
    quarantine: "pd.DataFrame"
    reports: tuple[FileReport, ...]

    def save(self, folder: Path) -> str:
        """Write the tape with its ``quarantine.csv``, whole or not at all; return the content hash."""
        rows: Any = self.quarantine.to_csv(index=False, lineterminator="\n")
        return save_tape(self.tape, folder, extra={"quarantine.csv": rows})
