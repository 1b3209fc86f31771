"""Stamps: columns of any type, text in any order; as instants or wall-clock time, and how fine they are."""

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from newsvol.engine.arrays import (
    NS_PER_DAY,
    NS_PER_HOUR,
    NS_PER_MINUTE,
    NS_PER_MS,
    NS_PER_SECOND,
    BoolArray,
    FloatArray,
    IntArray,
)
from newsvol.engine.errors import ConventionError
from newsvol.replays.tapes.importing.raw_table import plain

Cells: TypeAlias = "pd.Series[Any]"

_RUN_TOGETHER = r"((?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]))([01]\d|2[0-3])([0-5]\d)([0-5]\d)"
_EPOCH_UNITS = ((1e17, 1), (1e14, 1_000), (1e11, NS_PER_MS), (1e8, NS_PER_SECOND))
_TIME = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s*([AaPp])\.?[Mm]\.?)?")
_OFFSET = re.compile(r"(?<=[\d.])\s*(Z|[+-]\d{2}(?::?\d{2})?)$")
_ZONE_WORD = re.compile(
    r"(?<![A-Za-z])(UTC|GMT|ET|EST|EDT|CT|CST|CDT|PT|PST|PDT|BST|CET|CEST|JST)(?![A-Za-z])"
)
_WEEKDAY = re.compile(r"(?i)\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?")
_MONTH = re.compile(r"(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b\.?")
_ZONES = {
    **dict.fromkeys(("UTC", "GMT"), "UTC"),
    **dict.fromkeys(("ET", "EST", "EDT"), "America/New_York"),
    **dict.fromkeys(("CT", "CST", "CDT"), "America/Chicago"),
    **dict.fromkeys(("PT", "PST", "PDT"), "America/Los_Angeles"),
    **dict.fromkeys(("CET", "CEST"), "Europe/Berlin"),
    "BST": "Europe/London",
    "JST": "Asia/Tokyo",
}
_DATES = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y.%m.%d", "%d.%m.%Y"),
    *("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y"),
    *("%m-%d-%Y", "%d-%m-%Y", "%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %b %y", "%b %d %Y", "%Y-%b-%d"),
)


@dataclass(frozen=True)
class Stamps:
    """The stamp column of one file.

    Attributes
    ----------
    wall_ns : IntArray, shape (T,)
        The clock as written, read as if it were UTC; 0 where not `valid`.
    utc_ns : IntArray, shape (T,), or None
        The instant, where offsets or epochs say it; None for naive stamps.
    valid : BoolArray, shape (T,)
    resolution_ns : IntArray, shape (T,)
        What a stamp was rounded down to: 1 ms, 1 s, 1 minute or 1 day.
    zone : str, optional
        The zone that is written with the stamps or in the column's name.
    written : str
        The form, in words, for the report.
    """

    wall_ns: IntArray
    utc_ns: IntArray | None
    valid: BoolArray
    resolution_ns: IntArray
    zone: str | None
    written: str

    @property
    def date_only(self) -> bool:
        """True when no stamp of the file has a time of day."""
        return bool(self.valid.any()) and bool((self.resolution_ns[self.valid] == NS_PER_DAY).all())


def localise(wall_ns: IntArray, zone: str, ambiguous_is_late: bool = False) -> tuple[IntArray, BoolArray]:
    """Turn wall-clock stamps of `zone` into UTC nanoseconds.

    Returns
    -------
    utc_ns : IntArray, shape (T,)
    exists : BoolArray, shape (T,)
        False in the hour that the clock skips, and in the one that it repeats unless `ambiguous_is_late`,
        which takes the later reading: a headline is never available too early.
    """
    if zone == "UTC":
        return wall_ns.copy(), np.ones(len(wall_ns), dtype=np.bool_)
    ambiguous: Any = np.zeros(len(wall_ns), dtype=np.bool_) if ambiguous_is_late else "NaT"
    local = pd.DatetimeIndex(wall_ns).tz_localize(zone, ambiguous=ambiguous, nonexistent="NaT").as_unit("ns")
    exists = ~np.asarray(local.isna(), dtype=np.bool_)
    return np.where(exists, local.asi8, 0).astype(np.int64), exists


def resolution_of(wall_ns: IntArray, valid: BoolArray) -> IntArray:
    """The finest unit that the file uses: a whole second in a file of milliseconds was on the dot."""
    seen = wall_ns[valid]
    for unit, finer in (
        (NS_PER_DAY, NS_PER_DAY),
        (NS_PER_MINUTE, NS_PER_MINUTE),
        (NS_PER_SECOND, NS_PER_SECOND),
    ):
        if not (seen % unit).any():
            return np.full(len(wall_ns), finer, dtype=np.int64)
    return np.full(len(wall_ns), NS_PER_MS, dtype=np.int64)


def read_stamps(cells: Cells, times: "Cells | None", file: str) -> Stamps:
    """Understand a column of stamps, typed or text; `times` is the column of times beside a column of dates.

    Raises
    ------
    ConventionError
        Hardly any cell is a stamp, or days and months cannot be told apart.
    """
    zone = "UTC" if re.search(r"(?i)utc|gmt", str(cells.name)) else None
    if isinstance(cells.dtype, pd.DatetimeTZDtype) or cells.dtype.kind == "M":
        return _typed(cells, zone)
    if cells.dtype.kind in "iu":
        return _epochs(cells.to_numpy(dtype=np.int64), np.ones(len(cells), dtype=np.bool_), file)
    if cells.dtype.kind == "f":
        return _epochs(cells.to_numpy(dtype=np.float64), cells.notna().to_numpy(dtype=np.bool_), file)
    text = cells.astype(str).str.strip()
    if times is not None:
        text = text.str.cat(times.astype(str).str.strip(), sep=" ")
    most = 0.5 * (text != "").sum()
    if text.str.fullmatch(_RUN_TOGETHER).sum() > most:
        return read_stamp_text(text.str.replace(_RUN_TOGETHER, r"\1 \2:\3:\g<4>", regex=True), zone, file)
    digits = text.str.fullmatch(r"\d{9,19}").to_numpy(dtype=np.bool_)
    if digits.sum() > most:
        # Through floats, nanoseconds of this century would be rounded to quarters of a microsecond.
        return _epochs(text.where(digits, "0").to_numpy(dtype=object).astype(np.int64), digits, file)
    fractions = pd.to_numeric(text.where(text.str.fullmatch(r"\d{9,13}\.\d+"))).to_numpy(dtype=np.float64)
    if np.isfinite(fractions).sum() > most:
        return _epochs(fractions, np.isfinite(fractions), file)
    return read_stamp_text(text, zone, file)


def _typed(cells: Cells, zone: str | None) -> Stamps:
    valid = cells.notna().to_numpy(dtype=np.bool_)
    aware = isinstance(cells.dtype, pd.DatetimeTZDtype)
    index = pd.DatetimeIndex(cells)
    wall = np.where(valid, index.tz_localize(None).as_unit("ns").asi8, 0).astype(np.int64)
    utc = np.where(valid, index.as_unit("ns").asi8, 0).astype(np.int64) if aware else None
    written = f"in Parquet, {index.tz}" if aware else "in Parquet, without a zone"
    zone = str(index.tz) if aware else zone
    return Stamps(wall, utc, valid, resolution_of(wall, valid), zone, written)


def _epochs(number: FloatArray | IntArray, valid: BoolArray, file: str) -> Stamps:
    middle = float(np.median(np.abs(number[valid]))) if valid.any() else 0.0
    if 19_000_101 <= middle <= 22_001_231:
        dates = pd.Series(np.where(valid, number, 0).astype(np.int64)).astype(str)
        return read_stamp_text(dates, None, file)
    unit = next((unit for least, unit in _EPOCH_UNITS if middle >= least), None)
    if unit is None:
        raise ConventionError(
            f"{file}: its stamps are numbers near {middle:g}, no epoch; pass --map stamp=COLUMN"
        )
    in_range = valid & (np.abs(np.where(valid, number, 0)) < 9.2e18 / unit)
    wall = (np.where(in_range, number, 0) * unit).astype(np.int64)
    name = {1: "ns", 1_000: "us", NS_PER_MS: "ms", NS_PER_SECOND: "s"}[unit]
    return Stamps(wall, wall.copy(), in_range, resolution_of(wall, in_range), "UTC", f"as epoch {name}")


@dataclass(frozen=True)
class _Pieces:
    """The distinct texts of one part of a stamp, shape (U,), and which of them each row has, shape (T,)."""

    unique: Cells
    codes: IntArray


def read_stamp_text(text: Cells, zone: str | None, file: str) -> Stamps:
    """Understand stamps in text; `zone` is what the column's name says of them.

    Raises
    ------
    ConventionError
        Most cells are no stamp, they name several zones, or days and months cannot be told apart.
    """
    filled = (text != "").to_numpy(dtype=np.bool_)
    days, clocks = _pieces(text)
    words = _zone_words(clocks.unique, file)
    body = clocks.unique.str.replace(_ZONE_WORD.pattern, " ", regex=True) if words else clocks.unique
    body = body.str.replace(_WEEKDAY.pattern, " ", regex=True).str.strip(" ,")
    offset = body.str.extract(_OFFSET.pattern, expand=False).where(body.str.contains(":", regex=False))
    with_offset = offset.notna().to_numpy(dtype=np.bool_)[clocks.codes]
    offset_ns = _offsets(offset)[clocks.codes]
    time_ns, has_time, good_time = (column[clocks.codes] for column in _times(body))
    dates = _Pieces(_date_part(days.unique, bool(words)), days.codes)
    date_ns, good_date, form = _dates(dates, filled, file)
    valid = good_date & good_time & filled
    if valid.sum() < 0.5 * filled.sum() or not valid.any():
        example = text[~valid & filled].iloc[0] if (~valid & filled).any() else ""
        raise ConventionError(f"{file}: {example[:40]!r} is no stamp that is known; pass --map stamp=COLUMN")
    aware = bool(with_offset.sum() > 0.5 * valid.sum())
    # A file is of one kind: an offset that most rows lack, or lack of one that most have, cannot be trusted.
    valid &= ~(has_time & (with_offset != aware))
    wall = np.where(valid, date_ns + time_ns, 0).astype(np.int64)
    resolution = np.where(has_time, resolution_of(wall, valid & has_time), NS_PER_DAY).astype(np.int64)
    utc = np.where(valid, wall - offset_ns, 0).astype(np.int64) if aware else None
    if aware:
        zone = "written offset" if offset_ns[valid].any() else "UTC"
    elif words:
        zone = next(iter(words))
    clock = " H:MM" if has_time.any() else ", no time"
    return Stamps(wall, utc, valid, resolution, zone, f"{form}{clock}{', with offset' if aware else ''}")


def _pieces(text: Cells) -> tuple[_Pieces, _Pieces]:
    """Split stamps into days and clocks where a blank does it; a million stamps have few of either."""
    parts = text.str.replace(r"^(\d{4}-\d{2}-\d{2})T", r"\1 ", regex=True).str.split(n=1, expand=True)
    if parts.shape[1] == 2:
        days, clocks = (_distinct(parts[place].fillna("")) for place in (0, 1))
        if (clocks.unique.str.match(r"\d{1,2}:\d{2}") | (clocks.unique == "")).all():
            return days, clocks
    whole = _distinct(text)
    return whole, whole


def _distinct(text: Cells) -> _Pieces:
    codes, unique = pd.factorize(text)
    return _Pieces(pd.Series(unique, dtype=str), codes.astype(np.int64))


def _zone_words(clocks: Cells, file: str) -> set[str]:
    found = clocks.str.extract(_ZONE_WORD.pattern, expand=False).dropna().unique()
    zones = {_ZONES[word] for word in found}
    if len(zones) > 1:
        raise ConventionError(
            f"{file}: its stamps name several zones ({', '.join(sorted(zones))}); split the file"
        )
    return zones


def _date_part(days: Cells, zone_words: bool) -> Cells:
    if zone_words:
        days = days.str.replace(_ZONE_WORD.pattern, " ", regex=True)
    days = days.str.replace(_WEEKDAY.pattern, " ", regex=True).str.strip(" ,")
    timed = days.str.contains(":", regex=False)
    without = days.str.replace(_OFFSET.pattern, "", regex=True).str.replace(
        _TIME.pattern, " ", n=1, regex=True
    )
    days = without.where(timed, days).str.replace(_MONTH.pattern, r"\1", regex=True)
    days = days.str.replace(r"(?<=\d)T\s*$|,", " ", regex=True)
    return days.str.replace(r"\s+", " ", regex=True).str.strip(" -")


def _times(body: Cells) -> tuple[IntArray, BoolArray, BoolArray]:
    part = body.str.extract(_TIME.pattern)
    has = part[0].notna().to_numpy(dtype=np.bool_)
    hour, minute, second = (
        pd.to_numeric(part[place]).fillna(0).to_numpy(dtype=np.int64) for place in (0, 1, 2)
    )
    fraction = pd.to_numeric("0." + part[3]).fillna(0.0).to_numpy(dtype=np.float64)
    half = part[4].str.lower()
    twelve = half.notna().to_numpy(dtype=np.bool_)
    good = (minute < 60) & (second < 60) & np.where(twelve, (hour >= 1) & (hour <= 12), hour < 24)
    afternoon = (half == "p").to_numpy(dtype=np.bool_, na_value=False)
    hour = np.where(twelve, hour % 12 + 12 * afternoon, hour)
    whole = hour * NS_PER_HOUR + minute * NS_PER_MINUTE + second * NS_PER_SECOND
    return whole + np.round(fraction * NS_PER_SECOND).astype(np.int64), has, good


def _dates(dates: _Pieces, filled: BoolArray, file: str) -> tuple[IntArray, BoolArray, str]:
    codes = dates.codes
    candidates = dates.unique.astype(object)
    weight = np.bincount(codes[filled], minlength=len(candidates))
    parsed = {form: pd.to_datetime(candidates, format=form, errors="coerce") for form in _DATES}
    right = {form: int(weight[day.notna().to_numpy()].sum()) for form, day in parsed.items()}
    best = max(right, key=lambda form: right[form])
    rivals = [form for form in _DATES if right[form] == right[best] and form != best and right[best] > 0]
    if rivals:
        best = _by_order({form: parsed[form] for form in (best, *rivals)}, codes[filled], file)
    days = parsed[best].to_numpy().astype("datetime64[ns]")
    good = ~np.isnat(days)[codes]
    words = best.replace("%Y", "YYYY").replace("%y", "YY").replace("%b", "Mon")
    return (
        np.where(good, days.astype(np.int64)[codes], 0),
        good,
        words.replace("%m", "MM").replace("%d", "DD"),
    )


def _by_order(rivals: dict[str, Cells], codes: IntArray, file: str) -> str:
    """Tell 4/5 from 5/4 by the order of the file: only one reading runs through time in one direction."""
    readings = {
        form: day.to_numpy().astype("datetime64[D]").astype(np.int64)[codes] for form, day in rivals.items()
    }
    first, *others = readings
    if all(np.array_equal(readings[first], readings[other]) for other in others):
        return first
    order = {
        form: max(np.mean(np.diff(days) >= 0), np.mean(np.diff(days) <= 0)) for form, days in readings.items()
    }
    best, second = sorted(order, key=lambda form: order[form], reverse=True)[:2]
    if len(codes) < 2 or order[best] - order[second] < 0.005:
        raise ConventionError(
            f"{file}: days and months of its stamps cannot be told apart; write YYYY-MM-DD dates"
        )
    return best


def _offsets(text: Cells) -> IntArray:
    known = {offset: 0 if offset == "Z" else _offset_ns(str(offset)) for offset in text.dropna().unique()}
    return text.map(known).fillna(0).to_numpy(dtype=np.int64)


def _offset_ns(offset: str) -> int:
    digits = plain(offset)
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return (-1 if offset[0] == "-" else 1) * minutes * NS_PER_MINUTE
