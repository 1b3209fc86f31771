"""The tape: bars, news and sessions of one instrument, in a folder with a content hash.

A tape folder holds ``bars.parquet``, ``news.parquet``, ``sessions.parquet`` (columns as in the frames)
and ``tape.json`` (`TapeInfo`), and ``bad_prints.parquet`` where there are any; an importer may lay
``quarantine.csv`` beside them, the synthetic market ``truth.json``.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from newsvol.engine.arrays import NS_PER_SECOND, FloatArray, IntArray
from newsvol.engine.errors import TapeError
from newsvol.engine.frames import BarFrame, Columns, NewsFrame, SessionFrame
from newsvol.replays.folders import new_folder
from newsvol.replays.tapes.calendar import is_of_us
from newsvol.signals.volatility.history import VolHistory, measure_history

FORMAT = 1
F = TypeVar("F", bound=Columns)


@dataclass(frozen=True)
class TapeInfo:
    """What ``tape.json`` says.

    `bar_ns` is the usual length of a bar; `origin` says where the tape came from (files and conventions,
    or the seed of a synthetic market); `counts` holds read, kept and quarantined rows and the gaps.
    """

    instrument: str
    calendar: str = "XNYS"
    timezone: str = "America/New_York"
    bar_ns: int = 60_000_000_000
    origin: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def synthetic(self) -> bool:
        """Whether the market was made up, so that no number is about a real one."""
        return self.origin.get("synthetic") is True

    @property
    def is_real_of_us(self) -> bool:
        """Whether this is a real market of the United States: what is shipped of them is of use here."""
        return is_of_us(self.calendar) and not self.synthetic


@dataclass(frozen=True)
class BadPrintFrame(Columns):
    """Bars whose high or low was off the market; on the tape the bar's body stands in its place.

    So nothing that reads bars can fill at such a price or measure it.

    Attributes
    ----------
    open_ns : IntArray, shape (P,)
        Start of the bar.
    high, low : FloatArray, shape (P,), quote currency
        What the vendor gave, adjusted for splits as the bars are; the sound one of the two as on the tape.
    """

    open_ns: IntArray
    high: FloatArray
    low: FloatArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()


def no_bad_prints() -> BadPrintFrame:
    """Return an empty frame."""
    none = np.empty(0, dtype=np.float64)
    return BadPrintFrame(np.empty(0, dtype=np.int64), none, none.copy())


@dataclass(frozen=True, repr=False)
class Tape:
    """Bars and news of one instrument, with the sessions that they fall in."""

    bars: BarFrame
    news: NewsFrame
    sessions: SessionFrame
    info: TapeInfo
    bad_prints: BadPrintFrame = field(default_factory=no_bad_prints)

    def frames(self) -> dict[str, Any]:
        """Return the frames that are hashed and saved, by the names of their files.

        Bad prints only where there are any: a tape without them is what it was before they had a frame.
        """
        frames = {"bars": self.bars, "news": self.news, "sessions": self.sessions}
        return {**frames, **({"bad_prints": self.bad_prints} if len(self.bad_prints) else {})}

    def content_hash(self) -> str:
        """Return ``sha256:...`` over every column; what is equal here replays equally."""
        digest = hashlib.sha256(f"{FORMAT}|{self.info.instrument}|{self.info.calendar}".encode())
        for frame in self.frames().values():
            for column in fields(frame):
                values = getattr(frame, column.name)
                digest.update(f"|{column.name}|{len(values)}|".encode())
                if values.dtype == object:
                    for text in values:  # length first, so that no text can run into the next
                        encoded = text.encode("utf-8", "surrogatepass")
                        digest.update(f"{len(encoded)}|".encode())
                        digest.update(encoded)
                else:
                    digest.update(np.ascontiguousarray(values).tobytes())
        return f"sha256:{digest.hexdigest()}"

    def day_start_ns(self, day: date) -> int:
        """Return when `day` begins on the exchange's clock."""
        return local_midnight_ns(day, ZoneInfo(self.info.timezone))

    def days(self) -> tuple[date, date]:
        """Return the first and the last day of the tape's sessions, on the exchange's clock."""
        zone = ZoneInfo(self.info.timezone)
        first, last = (
            datetime.fromtimestamp(int(stamp) // NS_PER_SECOND, zone).date()
            for stamp in self.sessions.open_ns[[0, -1]]
        )
        return first, last

    def until(self, last: date) -> "Tape":
        """Return the tape up to the end of the day `last`: what became available later is not on it.

        A session is of the day on which it opens, and is kept to its close, past midnight too.

        Raises
        ------
        TapeError
            The day is before the tape's first.
        """
        if last >= date.max - timedelta(days=1):
            return self
        midnight_ns = self.day_start_ns(last + timedelta(days=1))
        sessions = self.sessions.take(self.sessions.open_ns < midnight_ns)
        end_ns = max(midnight_ns, int(sessions.close_ns[-1]) if len(sessions) else midnight_ns)
        bars = self.bars.take(self.bars.close_ns <= end_ns)
        if len(bars) == 0:
            raise TapeError(f"the tape has no bars up to {last}; its first day is {self.days()[0]}")
        return Tape(
            bars=bars,
            news=self.news.take(self.news.available_ns <= end_ns),
            sessions=sessions,
            info=self.info,
            bad_prints=self.bad_prints.take(self.bad_prints.open_ns <= bars.open_ns[-1]),
        )

    def history(self) -> VolHistory:
        """Return the realized measures of the tape's buckets; what forecasters read."""
        return measure_history(self.bars, self.sessions)

    def _facts(self) -> dict[str, str]:
        first, last = self.days() if len(self.sessions) else ("-", "-")
        return {
            "instrument": self.info.instrument,
            "days": f"{first} to {last}",
            "sessions": f"{len(self.sessions):,}",
            "bars": f"{len(self.bars):,}",
            "headlines": f"{len(self.news):,}",
        }

    def __repr__(self) -> str:
        return f"Tape({', '.join(f'{key}: {value}' for key, value in self._facts().items())})"

    def _repr_html_(self) -> str:
        facts = self._facts()
        rows = "".join(
            f"<tr><th>{escape(key)}</th><td>{escape(value)}</td></tr>" for key, value in facts.items()
        )
        return f"<table>{rows}</table>"


def save_tape(tape: Tape, folder: Path, extra: Mapping[str, str] | None = None) -> str:
    """Write `tape` to a new `folder`, whole or not at all, and return its content hash.

    Parameters
    ----------
    extra : mapping of file name to text, optional
        Laid beside the tape (``quarantine.csv``, ``truth.json``).

    Raises
    ------
    OutputError
        The folder exists and is not empty, or cannot be written.
    """
    content_hash = tape.content_hash()
    with new_folder(folder) as making:
        for name, frame in tape.frames().items():
            columns = {column.name: getattr(frame, column.name) for column in fields(frame)}
            arrays = {
                key: pa.array(value, type=pa.string()) if value.dtype == object else pa.array(value)
                for key, value in columns.items()
            }
            pq.write_table(pa.table(arrays), making / f"{name}.parquet", compression="zstd")
        about = {"format": FORMAT, **asdict(tape.info), "content_hash": content_hash}
        (making / "tape.json").write_text(json.dumps(about, indent=1, default=str) + "\n", encoding="utf-8")
        for file_name, text in (extra or {}).items():
            (making / file_name).write_text(text, encoding="utf-8")
    return content_hash


def local_midnight_ns(day: date, zone: ZoneInfo) -> int:
    """Return when `day` begins in `zone`, in UTC nanoseconds."""
    moment = datetime.combine(day, datetime.min.time(), zone)
    return int(moment.astimezone(UTC).timestamp()) * NS_PER_SECOND


def load_tape(folder: Path | str) -> Tape:
    """Read the tape in `folder` and check it against the hash it was saved with.

    Raises
    ------
    TapeError
        The folder is not a tape, was written by another format, or its columns were changed.
    """
    folder = Path(folder)
    about_file = folder / "tape.json"
    if not about_file.is_file():
        raise TapeError(f"{folder} is not a tape (no tape.json); make one with: newsvol tape import --help")
    try:
        about = json.loads(about_file.read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            raise TapeError(
                f"{folder} has tape format {about['format']}, this version reads {FORMAT}; import it again"
            )
        info = _info(about)
        bad_prints = folder / "bad_prints.parquet"
        tape = Tape(
            bars=_read(BarFrame, folder / "bars.parquet"),
            news=_read(NewsFrame, folder / "news.parquet"),
            sessions=_read(SessionFrame, folder / "sessions.parquet"),
            info=info,
            bad_prints=_read(BadPrintFrame, bad_prints) if bad_prints.exists() else no_bad_prints(),
        )
        content_hash = tape.content_hash()
    except TapeError:
        raise
    # Whatever a column or key of another kind than was written runs into: to read is to check.
    except (
        OSError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        RecursionError,
        pa.ArrowException,
    ) as error:
        raise TapeError(f"{folder} is damaged ({type(error).__name__}: {error}); import it again") from error
    if content_hash != about.get("content_hash"):
        raise TapeError(f"{folder} was changed after it was made: its content hash differs; import it again")
    return tape


def _info(about: Mapping[str, Any]) -> TapeInfo:
    info = TapeInfo(**{column.name: about[column.name] for column in fields(TapeInfo)})
    kinds = {
        "instrument": str,
        "calendar": str,
        "timezone": str,
        "bar_ns": int,
        "origin": dict,
        "counts": dict,
    }
    for name, kind in kinds.items():
        if not isinstance(getattr(info, name), kind):
            raise TypeError(f"{name} in tape.json is no {kind.__name__}")
    ZoneInfo(info.timezone)
    return info


def _read(frame: type[F], file: Path) -> F:
    table = pq.read_table(file)
    columns: dict[str, Any] = {}
    for column in fields(frame):  # type: ignore[arg-type]
        values = table.column(column.name)
        columns[column.name] = (
            np.array(values.to_pylist(), dtype=object)
            if pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
            else values.to_numpy()
        )
    return frame(**columns)
