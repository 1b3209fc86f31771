"""Stamps as instants or as wall-clock time, with what is known of their zone and how fine they are."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_MINUTE, NS_PER_MS, NS_PER_SECOND, BoolArray, IntArray

Cells: TypeAlias = "pd.Series[Any]"


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
