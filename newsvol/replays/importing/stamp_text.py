"""Stamps in text: the time of day is taken out, and what is left is a date in one of the known orders."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_SECOND, BoolArray, IntArray
from newsvol.engine.errors import ConventionError
from newsvol.replays.importing.raw_table import plain
from newsvol.replays.importing.stamps import Cells, Stamps, resolution_of

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
