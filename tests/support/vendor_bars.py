"""A small vendor: minute bars of whole sessions in any convention, written as vendors write them."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from newsvol.engine.arrays import NS_PER_MINUTE
from newsvol.replays.tapes.calendar import sessions_between
from newsvol.replays.tapes.importing import ImportRequest, ImportResult, import_tape

NEW_YORK = "America/New_York"
SPRING = ("2024-03-06", "2024-03-13")
AUTUMN = ("2024-10-30", "2024-11-06")


def minute_bars(first: str, last: str, *, extended: bool = False, seed: int = 7) -> pd.DataFrame:
    """Return start-stamped UTC bars of the XNYS sessions from `first` to `last`, both ISO dates.

    The open and the last minute are busy, pre-market and after-hours thin, as they are.
    """
    sessions = sessions_between("XNYS", pd.Timestamp(first).value, pd.Timestamp(f"{last} 23:59").value)
    rng = np.random.default_rng(seed)
    parts = []
    for opened, closed in zip(sessions.open_ns, sessions.close_ns, strict=True):
        minutes = pd.date_range(pd.Timestamp(opened), pd.Timestamp(closed), freq="min", inclusive="left")
        volume = rng.integers(8_000, 12_000, len(minutes))
        volume[0], volume[-1] = 90_000, 120_000
        if extended:
            hour = pd.Timedelta(hours=1)
            early = pd.date_range(minutes[0] - hour, minutes[0], freq="min", inclusive="left")
            late = pd.date_range(minutes[-1], minutes[-1] + hour, freq="min", inclusive="right")
            thin = rng.integers(20, 60, len(early) + len(late))
            volume = np.concatenate([thin[: len(early)], volume, thin[len(early) :]])
            minutes = early.append(minutes).append(late)
        parts.append(pd.DataFrame({"stamp": minutes, "volume": volume}))
    bars = pd.concat(parts, ignore_index=True)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 2e-4, len(bars))))
    opened_at = np.concatenate([[100.0], close[:-1]])
    bars["open"], bars["close"] = opened_at.round(4), close.round(4)
    bars["high"] = bars[["open", "close"]].max(axis=1) + 0.01
    bars["low"] = bars[["open", "close"]].min(axis=1) - 0.01
    return bars


def write_bars(
    bars: pd.DataFrame,
    file: Path,
    *,
    zone: str | None = "UTC",
    written: str = "%Y-%m-%d %H:%M:%S",
    end_stamped: bool = False,
    columns: tuple[str, ...] = ("open", "high", "low", "close", "volume"),
) -> Path:
    """Write `bars` to `file` as a naive CSV in `zone`, or with its UTC offset where `zone` is None."""
    stamps = bars["stamp"] + pd.Timedelta(minutes=int(end_stamped))
    local = stamps.dt.tz_localize("UTC")
    if zone is not None:
        local = local.dt.tz_convert(zone).dt.tz_localize(None)
    text = local.dt.strftime(written) if zone is not None else local.dt.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    out = bars[list(columns)].copy()
    out.insert(0, "datetime", text)
    file.write_text(out.to_csv(index=False), encoding="utf-8")
    return file


def take(*files: Path, **conventions: object) -> ImportResult:
    return import_tape(ImportRequest(bars=files, **conventions))


def regular(bars: pd.DataFrame) -> pd.DataFrame:
    clock = bars["stamp"].dt.tz_localize("UTC").dt.tz_convert(NEW_YORK)
    minute = clock.dt.hour * 60 + clock.dt.minute
    return bars[(minute >= 570) & (minute < 960)]


def assert_same_bars(result: ImportResult, bars: pd.DataFrame) -> None:
    kept = result.tape.bars
    np.testing.assert_array_equal(
        kept.open_ns, bars["stamp"].to_numpy().astype("datetime64[ns]").astype(np.int64)
    )
    np.testing.assert_array_equal(kept.close_ns, kept.open_ns + NS_PER_MINUTE)
    np.testing.assert_array_equal(kept.close, bars["close"].to_numpy())


def lean_zip(file: Path, rows: list[str]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("spy.csv", "\n".join(rows) + "\n")
    return file
