"""Proof of the zone of bar stamps: trading is concentrated in the exchange's regular session.

What a naive stamp means is not guessed. Each candidate zone is tried, and one is accepted only if it puts
clearly more of the volume inside the sessions of the calendar than any other, on both sides of a clock
change where the file spans one. Sessions are exchange-local, so a wrong zone shows as an hour that slides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_MINUTE, BoolArray, FloatArray, IntArray
from newsvol.engine.errors import ConventionError
from newsvol.engine.frames import SessionFrame
from newsvol.replays.tapes.calendar import session_of, sessions_between
from newsvol.replays.tapes.importing.stamps import Stamps, localise

CANDIDATES: Final = (
    *("America/New_York", "UTC", "America/Chicago", "America/Los_Angeles", "Europe/London", "Europe/Berlin"),
    *("Asia/Kolkata", "Asia/Hong_Kong", "Asia/Tokyo", "Etc/GMT+5"),
)
"""Zones in which vendors are known to stamp; Etc/GMT+5 is New York without summer time."""

_LEAST_SHARE = 0.5
_LEAST_LEAD = 0.05


@dataclass(frozen=True)
class Activity:
    """What shows when the market was open.

    Attributes
    ----------
    weight : FloatArray, shape (T,)
        Never NaN.
    name : str
        In words.
    reach_ns : int
        A long bar counts as inside a session if it reaches into it on either side of its stamp.
    """

    weight: FloatArray
    name: str
    reach_ns: int = 1


@dataclass(frozen=True)
class ZoneProof:
    """Bar stamps as instants; `exists` is False where the wall clock skips or repeats the stamp."""

    utc_ns: IntArray
    exists: BoolArray
    zone: str
    evidence: str


def activity(
    volume: FloatArray, trades: FloatArray, close: FloatArray, bar_ns: int, in_time: IntArray
) -> Activity:
    """Return the best sign of trading that a file has: volume, else trades, else absolute returns.

    Parameters
    ----------
    in_time : IntArray, shape (T,)
        The rows in the order of their stamps: returns are from one stamp to the next.
    """
    # A minute at the edge weighs little either way, an hour does not.
    reach_ns = bar_ns - 1 if bar_ns > 15 * NS_PER_MINUTE else 1
    for weight, name in ((volume, "volume"), (trades, "trades")):
        known = np.isfinite(weight) & (weight > 0)
        if known.sum() > 0.3 * len(weight):
            return Activity(np.where(known, weight, 0.0), name, reach_ns)
    sound = np.where(np.isfinite(close) & (close > 0), close, np.nan)[in_time]
    usable = pd.Series(sound).ffill().bfill().fillna(1.0)
    returns = np.empty(len(close))
    returns[in_time] = np.abs(np.diff(np.log(usable.to_numpy(dtype=np.float64)), prepend=np.nan))
    # A bad print is one large return; capped, it cannot outvote the rest of the file.
    cap = float(np.nanquantile(returns, 0.99)) if len(returns) > 1 else 0.0
    return Activity(np.minimum(np.nan_to_num(returns), cap), "absolute returns", reach_ns)


def spanned_sessions(calendar: str, stamps_ns: IntArray) -> SessionFrame:
    """Return the sessions around the bulk of `stamps_ns`; a stray year 2099 does not stretch them."""
    first, last = np.quantile(stamps_ns, (0.005, 0.995), method="nearest")
    spread = max(int(last - first), 30 * NS_PER_DAY)
    low = max(int(stamps_ns.min()), int(first) - spread)
    high = min(int(stamps_ns.max()), int(last) + spread)
    return sessions_between(calendar, low - 2 * NS_PER_DAY, high + 2 * NS_PER_DAY)


def prove_zone(
    stamps: Stamps,
    seen: Activity,
    sessions: SessionFrame,
    exchange_zone: str,
    declared: str | None,
    file: str,
) -> ZoneProof:
    """Turn stamps into instants, by what is written with them or by where the activity falls.

    Parameters
    ----------
    seen : Activity, shape (T,)
    said : str, optional
        The user's ``--tz``; it is taken unless the data speaks clearly against it.

    Raises
    ------
    ConventionError
        No zone is clearly best; or the one that is said, or written, contradicts the data.
    """
    if declared is not None:
        require_zone(declared, "--tz")
    if stamps.zone is not None:
        return _written_zone(stamps, stamps.zone, seen, sessions, exchange_zone, file, declared)
    readings = _readings(stamps, exchange_zone, declared)
    share = {zone: _share(utc, ok & stamps.valid, seen, sessions) for zone, (utc, ok) in readings.items()}
    best = max(share, key=lambda zone: share[zone])
    if declared is not None:
        ours, theirs = _duel(readings, declared, best, stamps.valid, seen, sessions)
        if theirs - ours > 2 * _LEAST_LEAD and share[best] >= _LEAST_SHARE:
            raise ConventionError(
                f"--tz {declared} contradicts {file}: {ours:.0%} of its {seen.name} would fall in the "
                f"sessions, against {theirs:.0%} in {best}; drop --tz or pass --tz {best}"
            )
        return ZoneProof(
            *readings[declared], declared, f"--tz; {share[declared]:.1%} of {seen.name} falls in the sessions"
        )
    duels = {
        zone: _duel(readings, best, zone, stamps.valid, seen, sessions) for zone in readings if zone != best
    }
    rival, (ours, theirs) = min(duels.items(), key=lambda duel: duel[1][0] - duel[1][1])
    where = f"where {rival} differs, {ours:.1%} against its {theirs:.1%}"
    if share[best] < _LEAST_SHARE or ours - theirs < _LEAST_LEAD:
        raise ConventionError(
            f"{file}: the zone of its stamps is not proven ({share[best]:.0%} of {seen.name} falls in the "
            f"sessions in {best}; {where}); pass --tz ZONE"
        )
    sides = _agreeing_sides(readings, best, seen, sessions, stamps.valid, exchange_zone, file)
    across = f", on {sides} sides of clock changes" if sides > 1 else ""
    evidence = f"{share[best]:.1%} of {seen.name} falls in the sessions; {where}{across}"
    return ZoneProof(*readings[best], best, evidence)


def _duel(
    readings: Mapping[str, tuple[IntArray, BoolArray]],
    one: str,
    other: str,
    valid: BoolArray,
    seen: Activity,
    sessions: SessionFrame,
) -> tuple[float, float]:
    """Return the shares of two readings over the stamps that they read differently.

    UTC and London are one all winter: over the whole file a summer of difference would be watered down.
    """
    (one_ns, one_exists), (other_ns, other_exists) = readings[one], readings[other]
    apart = valid & (one_ns != other_ns)
    return _share(one_ns, one_exists & apart, seen, sessions), _share(
        other_ns, other_exists & apart, seen, sessions
    )


def require_zone(zone: str, option: str) -> None:
    """Raise `ConventionError` if `zone` is not a name of the IANA database."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConventionError(
            f"{option} {zone}: no such zone; use a name like America/New_York or UTC"
        ) from None


def _written_zone(
    stamps: Stamps,
    zone: str,
    seen: Activity,
    sessions: SessionFrame,
    exchange_zone: str,
    file: str,
    declared: str | None,
) -> ZoneProof:
    if stamps.utc_ns is not None:
        utc_ns, exists = stamps.utc_ns, np.ones(len(stamps.utc_ns), dtype=np.bool_)
    else:
        utc_ns, exists = localise(stamps.wall_ns, zone)
    share = _share(utc_ns, exists & stamps.valid, seen, sessions)
    if share < 0.9:
        # "UTC" is often written beside New York clocks: the label bears the test that a naive stamp bears.
        others = _readings(stamps, exchange_zone, None)
        shares = {key: _share(utc, ok & stamps.valid, seen, sessions) for key, (utc, ok) in others.items()}
        best = max(shares, key=lambda key: shares[key])
        if shares[best] > share + 2 * _LEAST_LEAD and shares[best] >= _LEAST_SHARE:
            raise ConventionError(
                f"{file}: its stamps carry a zone that contradicts them: {share:.0%} of {seen.name} falls in "
                f"the sessions, {shares[best]:.0%} if the clock were {best}; remove the zone from them "
                f"and pass --tz {best}"
            )
    unused = "; --tz is not needed" if declared is not None else ""
    return ZoneProof(
        utc_ns,
        exists,
        zone,
        f"stamps are written {stamps.written}; {share:.1%} of {seen.name} falls in the sessions{unused}",
    )


def _readings(
    stamps: Stamps, exchange_zone: str, declared: str | None
) -> dict[str, tuple[IntArray, BoolArray]]:
    """Read the wall clock in each zone; zones that mean the same instants all through the file count once."""
    readings: dict[str, tuple[IntArray, BoolArray]] = {}
    for zone in dict.fromkeys((*((declared,) if declared else ()), exchange_zone, *CANDIDATES)):
        utc, exists = localise(stamps.wall_ns, zone)
        if not any(np.array_equal(utc[stamps.valid], known[stamps.valid]) for known, _ in readings.values()):
            readings[zone] = (utc, exists)
    return readings


def _share(utc_ns: IntArray, usable: BoolArray, seen: Activity, sessions: SessionFrame) -> float:
    total = float(seen.weight[usable].sum())
    if total <= 0:
        return 0.0
    # An end stamp sits a bar late, on the close: half-open on the left would lose the closing auction.
    inside = session_of(sessions, utc_ns) >= 0
    for reach_ns in (-seen.reach_ns, seen.reach_ns if seen.reach_ns > 1 else 0):
        inside |= session_of(sessions, utc_ns + reach_ns) >= 0
    return float(seen.weight[usable & inside].sum()) / total


def _agreeing_sides(
    readings: Mapping[str, tuple[IntArray, BoolArray]],
    best: str,
    seen: Activity,
    sessions: SessionFrame,
    valid: BoolArray,
    exchange_zone: str,
    file: str,
) -> int:
    """Count the stretches between clock changes, in each of which `best` must be the best reading as well."""
    utc, exists = readings[best]
    local = pd.DatetimeIndex(utc, tz="UTC").tz_convert(exchange_zone).tz_localize(None).as_unit("ns").asi8
    offsets = local - utc
    agreeing = 0
    for offset in np.unique(offsets[valid & exists]):
        side = valid & (offsets == offset)
        if len(np.unique(utc[side] // NS_PER_DAY)) < 3:
            continue
        share = {zone: _share(ns, ok & side, seen, sessions) for zone, (ns, ok) in readings.items()}
        rival = max(share, key=lambda zone: share[zone])
        if share[best] < share[rival] - 0.01:
            raise ConventionError(
                f"{file}: the zone of its stamps changes: {best} over the whole file, but {rival} on one "
                "side of the clock change; pass --tz ZONE, or import the sides one by one"
            )
        agreeing += 1
    return agreeing
