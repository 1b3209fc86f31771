"""How fine the stamps of each source of headlines are, proven from where they fall on the clock.

A stamp that was rounded down is too early, so what is not proven to be fine counts as coarse. Sources differ
within one file: a desk that stamps to the second stands beside a wire that stamps to the minute.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from scipy.special import bdtr, bdtrc

from newsvol.engine.arrays import (
    NS_PER_DAY,
    NS_PER_HOUR,
    NS_PER_MINUTE,
    NS_PER_MS,
    NS_PER_SECOND,
    BoolArray,
    IntArray,
    TextArray,
)

ResolutionName = Literal["millisecond", "second", "minute", "hour", "day"]

RESOLUTIONS: Final[dict[ResolutionName, int]] = {
    "millisecond": NS_PER_MS,
    "second": NS_PER_SECOND,
    "minute": NS_PER_MINUTE,
    "hour": NS_PER_HOUR,
    "day": NS_PER_DAY,
}
"""What a stamp may be rounded down to, and its length in nanoseconds."""

_RISK = 0.01
_HABIT = 0.05
_MIDNIGHT_RISK = 0.001
_HOURLY_SHARE = 0.95
_FEWEST_HOURLY = 20

Proof = Literal["proven", "mixed", "doubt", "declared"]


@dataclass(frozen=True)
class SourceResolution:
    """How fine the stamps of one source in one file are.

    Attributes
    ----------
    source : str
    rows : int
        Rows of the source with a readable stamp, whether or not they fall within the bars.
    on_minute : int
        Of these, the ones that stand on a whole minute (:00), dates without a time left out.
    resolution : str
        "minute"; or "second, minute" where some rows were rounded up and others not.
    rounded_up : int
        Rows that count as coarser than the finest stamp of the source.
    proof : {"proven", "mixed", "doubt", "declared"}
        All rows are as fine as `resolution` says; more rows than chance allows stand on round stamps and
        were rounded up; the rows on round stamps are too few to tell and were rounded up; the user said so.
    """

    source: str
    rows: int
    on_minute: int
    resolution: str
    rounded_up: int
    proof: Proof


def resolution_word(resolution_ns: int) -> str:
    """Return "minute" for 60,000,000,000."""
    return next((word for word, unit in RESOLUTIONS.items() if unit == resolution_ns), f"{resolution_ns} ns")


def resolve_sources(
    wall_ns: IntArray, dated: BoolArray, usable: BoolArray, source: TextArray
) -> tuple[IntArray, tuple[SourceResolution, ...]]:
    """Find how fine each row's stamp is, a source at a time.

    Stamps to the second fall on :00 once in sixty. A source is *proven* to stamp to the second if its rows on
    :00 are neither too many for that chance (binomial tail below 1%) nor too few rows to tell (were a
    twentieth of its rows stamped to the minute, so few of them on :00 would have a probability below 1%).
    Otherwise its rows on :00 count as stamped to the minute; the others cannot be. The same test tells
    milliseconds from seconds, at one in a thousand. A source is stamped to the hour only where 95% of at
    least 20 rows are on the hour, since desks publish on full hours, and punctually. Midnights mean dates
    where a source has nothing else, or more of them than one in twenty-four of its full hours (tail below
    0.1%).

    Parameters
    ----------
    wall_ns : IntArray, shape (N,)
        The clock as written.
    dated : BoolArray, shape (N,)
        Stamps without a time of day; they stay dates.
    usable : BoolArray, shape (N,)
        Rows that count as evidence.
    source : TextArray, shape (N,)

    Returns
    -------
    resolution_ns : IntArray, shape (N,)
    sources : tuple of SourceResolution
        The source with most rows first.

    Notes
    -----
    The evidence is the whole file, later rows too. It can only make a headline available later.
    """
    rows = np.flatnonzero(usable & ~dated)
    codes, names = pd.factorize(pd.Series(source, dtype=object)[usable])
    of_row = np.zeros(len(wall_ns), dtype=np.int64)
    of_row[usable] = codes
    clock, of = wall_ns[rows], of_row[rows]
    second, minute, hour, day = (clock % unit == 0 for unit in list(RESOLUTIONS.values())[1:])

    def count(mask: BoolArray) -> IntArray:
        return np.bincount(of[mask], minlength=len(names))

    every = count(np.ones(len(rows), dtype=np.bool_))
    fine = count(~second) > 0
    seconds_fine, _ = _weigh(count(second), every, 1 / 1_000)
    minutes_fine, minutes_many = _weigh(count(minute), count(second), 1 / 60)
    to_second = fine & ~seconds_fine
    hourly = (count(hour) >= _HOURLY_SHARE * every) & (every >= _FEWEST_HOURLY)
    midnights = count(day)
    to_day = (midnights > 0) & (
        (midnights == every) | (bdtrc(midnights - 1, np.maximum(count(hour), 1), 1 / 24) < _MIDNIGHT_RISK)
    )
    base = np.where(fine, NS_PER_MS, NS_PER_SECOND)
    unit = base[of]
    for applies, on, length in (
        (to_second, second, NS_PER_SECOND),
        (~minutes_fine, minute, NS_PER_MINUTE),
        (hourly, hour, NS_PER_HOUR),
        (to_day, day, NS_PER_DAY),
    ):
        unit = np.where(applies[of] & on, length, unit)
    resolution = np.full(len(wall_ns), NS_PER_DAY, dtype=np.int64)
    resolution[rows] = unit
    many = minutes_many | (fine & (bdtrc(count(second) - 1, every, 1 / 1_000) < _RISK)) | hourly | to_day
    return resolution, _reports(names, of_row, usable, resolution, wall_ns, dated, many)


def declared_sources(
    unit_ns: int, wall_ns: IntArray, dated: BoolArray, usable: BoolArray, source: TextArray
) -> tuple[IntArray, tuple[SourceResolution, ...]]:
    """Take the user's word for every stamp with a time of day; returns what `resolve_sources` returns."""
    resolution = np.where(dated, NS_PER_DAY, unit_ns).astype(np.int64)
    codes, names = pd.factorize(pd.Series(source, dtype=object)[usable])
    of_row = np.zeros(len(wall_ns), dtype=np.int64)
    of_row[usable] = codes
    return resolution, _reports(names, of_row, usable, resolution, wall_ns, dated, None)


def _weigh(hits: IntArray, rows: IntArray, chance: float) -> tuple[BoolArray, BoolArray]:
    """Return where `hits` of `rows` round stamps are proven to be chance, and where they are more than it."""
    many = (hits > 0) & (bdtrc(hits - 1, np.maximum(rows, 1), chance) < _RISK)
    if_habit = bdtr(hits, np.maximum(rows, 1), _HABIT + (1 - _HABIT) * chance)
    return np.asarray(~many & (if_habit < _RISK)), np.asarray(many)


def _reports(
    names: pd.Index,
    of_row: IntArray,
    usable: BoolArray,
    resolution: IntArray,
    wall_ns: IntArray,
    dated: BoolArray,
    many: BoolArray | None,
) -> tuple[SourceResolution, ...]:
    size = len(names)
    counts = np.stack(
        [np.bincount(of_row[usable & (resolution == unit)], minlength=size) for unit in RESOLUTIONS.values()],
        axis=1,
    )
    rows = counts.sum(axis=1)
    round_minute = usable & ~dated & (wall_ns % NS_PER_MINUTE == 0)
    on_minute = np.bincount(of_row[round_minute], minlength=size)
    timed = np.bincount(of_row[usable & ~dated], minlength=size)
    words = list(RESOLUTIONS)
    reports = []
    for code in np.argsort(-rows, kind="stable").tolist():
        units = np.flatnonzero(counts[code])
        alone = len(units) == 1
        # Dates and stamps that show their seconds are what they show; it is the round ones that may deceive.
        shown = alone and (not timed[code] or words[units[0]] in ("millisecond", "second"))
        proof: Proof
        if many is None:
            proof = "declared"
        elif shown or (alone and many[code]):
            proof = "proven"
        else:
            proof = "mixed" if many[code] else "doubt"
        rounded = {
            "mixed": counts[code, units[1:]].sum(),
            "doubt": on_minute[code] if alone else counts[code, units[1:]].sum(),
        }
        reports.append(
            SourceResolution(
                source=str(names[code]),
                rows=int(rows[code]),
                on_minute=int(on_minute[code]),
                resolution=", ".join(words[unit] for unit in units),
                rounded_up=int(rounded.get(proof, 0)),
                proof=proof,
            )
        )
    return tuple(reports)
