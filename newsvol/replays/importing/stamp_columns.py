"""Stamp columns of any type: Parquet stamps, epochs and text."""

import re

import numpy as np
import pandas as pd

from newsvol.engine.arrays import NS_PER_MS, NS_PER_SECOND, BoolArray, FloatArray, IntArray
from newsvol.engine.errors import ConventionError
from newsvol.replays.importing.stamp_text import read_stamp_text
from newsvol.replays.importing.stamps import Cells, Stamps, resolution_of

_RUN_TOGETHER = r"((?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]))([01]\d|2[0-3])([0-5]\d)([0-5]\d)"
_EPOCH_UNITS = ((1e17, 1), (1e14, 1_000), (1e11, NS_PER_MS), (1e8, NS_PER_SECOND))


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
