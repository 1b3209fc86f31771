"""Splits that prices are not adjusted for: found by the nights they leave, adjusted where they are listed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from newsvol.engine.arrays import NS_PER_DAY, IntArray
from newsvol.engine.errors import InputError, TapeError
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.replays.tapes.calendar import session_dates, session_of
from newsvol.replays.tapes.tape import BadPrintFrame

_WHOLE = (2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 100)
RATIOS: Final = (*(Fraction(n) for n in _WHOLE), Fraction(3, 2), *(Fraction(1, n) for n in _WHOLE))
"""New shares for an old one: 4 is a split 4:1, 1/10 a reverse split 1:10."""

_NIGHTS = 5.0
_TIGHTEST, _WIDEST = 0.01, 0.04
_WITHIN_NS = 10 * NS_PER_DAY
_SESSIONS_BEFORE = 10
_EXCITED_DOLLARS = 4.0
_EXCITED_RANGE = 3.0
_NAMED = 3
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Split:
    """A split: from the session of `day` on, `ratio` shares stand for one of before."""

    day: date
    ratio: Fraction

    @property
    def words(self) -> str:
        """ "4:1", as brokers write it."""
        return f"{self.ratio.numerator}:{self.ratio.denominator}"


@dataclass(frozen=True)
class SuspectedSplit:
    """A night whose return is that of a split.

    `opening_ratio` is the first price after the night over the last before it; `volume_ratio` that of the
    share volume of the two sides, NaN where a side has none.
    """

    split: Split
    opening_ratio: float
    volume_ratio: float


def read_splits(file: Path) -> tuple[Split, ...]:
    """Read a CSV with the columns ``date,ratio``: the first day at the new price, and "4", "4:1" or "0.1".

    Raises
    ------
    InputError
        The file cannot be read, lacks a column, or a row is no date and positive ratio.
    """
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False, skipinitialspace=True)
    except (OSError, ValueError) as error:
        raise InputError(f"--splits {file}: cannot be read ({str(error).splitlines()[0]})") from None
    table.columns = pd.Index([str(column).strip().lower() for column in table.columns])
    if not {"date", "ratio"} <= set(table.columns):
        raise InputError(
            f"--splits {file}: has the columns {', '.join(table.columns)}; it needs date and ratio, "
            "and lines like 2020-08-31,4"
        )
    splits = []
    for row, (day, ratio) in enumerate(zip(table["date"], table["ratio"], strict=True), start=2):
        try:
            new, _, old = ratio.strip().replace("/", ":").partition(":")
            split = Split(date.fromisoformat(day.strip()), Fraction(new) / Fraction(old or "1"))
        except (ValueError, ZeroDivisionError):
            split = None
        if split is None or split.ratio <= 0:
            raise InputError(
                f"--splits {file} row {row}: {day},{ratio} is no date and ratio; write 2020-08-31,4 for 4:1"
            )
        splits.append(split)
    if len({split.day for split in splits}) < len(splits):
        raise InputError(f"--splits {file}: a date stands there twice; give each split once")
    return tuple(sorted(splits, key=lambda split: split.day))


def suspected_splits(bars: BarFrame, sessions: SessionFrame, zone: str) -> tuple[SuspectedSplit, ...]:
    """Return the nights that look like splits for which the prices are not adjusted.

    A night is suspected if its log return is that of one of `RATIOS` within five times the median absolute
    night of the tape, at least 1% and at most 4%, so that a quiet share has to be closer than a wild one. It
    is cleared if the session after it is excited, as after news: more than 4 times the dollar volume of the
    median of the ten sessions before, or bars with more than 3 times their range. A split moves neither.
    Nights over more than ten days are not judged.

    Parameters
    ----------
    zone : str
        The exchange's, for the dates.
    """
    at = session_of(sessions, bars.open_ns)
    first = np.flatnonzero(np.diff(at) > 0) + 1
    if not len(first):
        return ()
    night = np.log(bars.open[first] / bars.close[first - 1])
    tolerance = float(np.clip(_NIGHTS * np.median(np.abs(night)), _TIGHTEST, _WIDEST))
    logs = -np.log(np.array([float(ratio) for ratio in RATIOS]))
    distance = np.abs(night[:, None] - logs[None, :])
    nearest = distance.argmin(axis=1)
    near = distance[np.arange(len(first)), nearest] <= tolerance
    near &= bars.open_ns[first] - bars.close_ns[first - 1] <= _WITHIN_NS
    dates = session_dates(sessions, zone)
    found = []
    for night_at in np.flatnonzero(near).tolist():
        row = int(first[night_at])
        dollars, spread, volume = _excitement(bars, at, row)
        if dollars > _EXCITED_DOLLARS or spread > _EXCITED_RANGE:
            continue
        day = date.fromordinal(_EPOCH + int(dates[at[row]]))
        split = Split(day, RATIOS[int(nearest[night_at])])
        found.append(SuspectedSplit(split, float(np.exp(night[night_at])), volume))
    return tuple(found)


def require_adjusted(suspects: Sequence[SuspectedSplit], files: Sequence[str]) -> None:
    """Raise `TapeError` if there are `suspects`, naming the options that settle it."""
    if not suspects:
        return
    nights = [_told(suspect) for suspect in suspects[:_NAMED]]
    rest = f" and {len(suspects) - _NAMED} more" if len(suspects) > _NAMED else ""
    looks = "nights look like splits" if len(suspects) > 1 else "a night looks like a split"
    line = suspects[0].split
    raise TapeError(
        f"{', '.join(files)}: {looks} that the prices are not adjusted for: {', '.join(nights)}{rest}; "
        "to adjust, pass --splits FILE, a CSV with the header date,ratio and lines like "
        f"{line.day},{_plain(line.ratio)}; if the prices really moved so, pass --keep-splits"
    )


def adjusted(
    bars: BarFrame,
    bad_prints: BadPrintFrame,
    splits: Sequence[Split],
    sessions: SessionFrame,
    zone: str,
) -> tuple[BarFrame, BadPrintFrame, tuple[Split, ...]]:
    """Divide the prices before each split by its ratio and multiply the volumes; return which fell within.

    Splits before the second session or after the last change nothing within the tape and are left out.

    Raises
    ------
    TapeError
        The prices do not move by a split that is listed: they are adjusted already, or the date is wrong.

    Notes
    -----
    Known at import, as in any adjusted file: returns, ranges and dollar volumes are those of the day.
    """
    dates = session_dates(sessions, zone)
    at = session_of(sessions, bars.open_ns)
    held = np.unique(at[at >= 0])
    within = []
    for split in splits:
        session = int(np.searchsorted(dates, split.day.toordinal() - _EPOCH))
        row = int(np.searchsorted(at, session))
        if not 0 < row < len(bars) or session > held[-1]:
            continue
        move = float(np.log(bars.open[row] / bars.close[row - 1]))
        if abs(move + np.log(float(split.ratio))) > abs(move):
            raise TapeError(
                f"the split {split.words} of {split.day} is not in the prices: they open at "
                f"{np.exp(move):.3f} times the close before, as if adjusted already; "
                "correct or remove it in the file of --splits"
            )
        within.append((row, split))
    if not within:
        return bars, bad_prints, ()
    factor = np.ones(len(bars))
    for row, split in within:
        factor[:row] *= float(split.ratio)
    place = np.searchsorted(bars.open_ns, bad_prints.open_ns)
    return (
        replace(
            bars,
            open=bars.open / factor,
            high=bars.high / factor,
            low=bars.low / factor,
            close=bars.close / factor,
            volume=bars.volume * factor,
        ),
        replace(bad_prints, high=bad_prints.high / factor[place], low=bad_prints.low / factor[place]),
        tuple(split for _, split in within),
    )


def as_origin(split: Split) -> dict[str, Any]:
    """Return `split` as ``tape.json`` keeps it."""
    return {"date": split.day.isoformat(), "ratio": split.words}


def _told(suspect: SuspectedSplit) -> str:
    volume = "" if np.isnan(suspect.volume_ratio) else f", share volume x {suspect.volume_ratio:.2g}"
    return (
        f"{suspect.split.day} opens at {suspect.opening_ratio:.4f} of the close before "
        f"({suspect.split.words}{volume})"
    )


def _plain(ratio: Fraction) -> str:
    return str(ratio.numerator) if ratio.denominator == 1 else f"{ratio.numerator}:{ratio.denominator}"


def _excitement(bars: BarFrame, at: IntArray, row: int) -> tuple[float, float, float]:
    """Return dollar volume, bar range and share volume of the session at `row` over those before it."""
    begin = int(np.searchsorted(at, at[row] - _SESSIONS_BEFORE))
    end = int(np.searchsorted(at, at[row], side="right"))
    near = slice(begin, end)
    sides = (
        pd.DataFrame(
            {
                "session": at[near],
                "dollars": bars.volume[near] * bars.close[near],
                "shares": bars.volume[near],
                "spread": np.log(bars.high[near] / bars.low[near]),
            }
        )
        .groupby("session")
        .mean()
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        after, before = sides.iloc[-1], sides.iloc[:-1].median()
        dollars, shares, spread = (float(after[name] / before[name]) for name in sides.columns)
    return dollars, spread, shares if np.isfinite(shares) else float("nan")
