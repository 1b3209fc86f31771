"""Proof of the edge that a bar stamp marks: the start of its bar, or the end.

Two signs are read. A file of regular hours has a bar at the open and none at the close if stamps mark
starts, and the reverse if they mark ends. A file with extended hours has both, but its activity jumps with
the first regular minute (09:30 or 09:31) and with the rush into the close (15:59 or 16:00).
"""

from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_MINUTE, FloatArray, IntArray
from newsvol.engine.errors import ConventionError, TapeError
from newsvol.engine.frames import SessionFrame
from newsvol.replays.tapes.importing.request import StampEdge
from newsvol.replays.tapes.importing.zones import Activity

_PRESENCE_LEAD = 0.6
_CLEAR = 2 / 3
_FEWEST_FOR_RETURNS = 10


@dataclass(frozen=True)
class EdgeProof:
    """What the stamps mark, and why."""

    edge: StampEdge
    evidence: str


_STEPS_OF_A_DAY = 20
_ALIKE = 0.9


def bar_length(utc_ns: IntArray) -> int:
    """Return the commonest distance between successive distinct stamps, shape (T,), in nanoseconds."""
    steps = np.diff(np.unique(utc_ns))
    if not len(steps):
        return NS_PER_MINUTE
    lengths, counts = np.unique(steps, return_counts=True)
    return int(lengths[counts.argmax()])


def require_one_length(name: str, wall_ns: IntArray, bar_ns: int) -> None:
    """Raise where whole days have bars of another length: a vendor that changed, or two files in one.

    A day counts where nine of ten steps between its stamps are one and the same multiple of the usual; a
    stock that trades now and then has steps of many lengths.

    Raises
    ------
    TapeError
        On several days in a row.
    """
    stamps = np.unique(wall_ns)
    steps, day = np.diff(stamps), stamps[1:] // NS_PER_DAY
    inside = np.diff(stamps // NS_PER_DAY) == 0
    steps, day = steps[inside], day[inside]
    first = np.flatnonzero(np.diff(day, prepend=-1) != 0)
    for begin, end in zip(first, [*first[1:], len(day)], strict=True):
        step = int(np.median(steps[begin:end]))
        alike = np.mean(steps[begin:end] == step)
        if end - begin >= _STEPS_OF_A_DAY and step != bar_ns and alike >= _ALIKE:
            when = np.datetime64(int(stamps[0]) if begin == 0 else int(day[begin]) * NS_PER_DAY, "ns")
            raise TapeError(
                f"{name}: bars are {bar_ns // NS_PER_MINUTE} minutes apart, and on "
                f"{when.astype('datetime64[D]')} {step // NS_PER_MINUTE} minutes; import one length only"
            )


def prove_edge(
    utc_ns: IntArray,
    seen: Activity,
    bar_ns: int,
    sessions: SessionFrame,
    declared: StampEdge | None,
    by: str,
    file: str,
) -> EdgeProof:
    """Return the edge that stamps mark.

    Parameters
    ----------
    utc_ns : IntArray, shape (T,)
    seen : Activity, shape (T,)
    said : {"start", "end"}, optional
        What the user or the format says; it is taken unless the data speaks clearly against it.
    by : str
        Who says so: "--stamp".

    Raises
    ------
    ConventionError
        The signs are absent or disagree, or speak against what was said.
    """
    order = np.argsort(utc_ns, kind="stable")
    stamps, first = np.unique(utc_ns[order], return_index=True)
    weight = seen.weight[order][first]
    reached = (sessions.open_ns >= stamps[0] - bar_ns) & (sessions.close_ns <= stamps[-1] + bar_ns)
    sessions = sessions.take(reached) if reached.any() else sessions
    presence, by_presence = _presence(stamps, bar_ns, sessions)
    spikes, by_spikes = _spikes(stamps, weight, bar_ns, sessions, seen.name)
    proven = presence or spikes
    evidence = by_presence if presence else by_spikes
    if presence and spikes and presence != spikes:
        proven = None
        evidence = f"{by_presence}, but {by_spikes}"
    if declared is not None:
        if proven is not None and proven != declared:
            raise ConventionError(
                f"{by} {declared} contradicts {file}: {evidence}, so its stamps mark the {proven} of a bar; "
                "drop --stamp"
            )
        return EdgeProof(
            declared, f"{by}; {evidence}" if proven else f"{by}; nothing in the data speaks against it"
        )
    if proven is None:
        why = evidence or by_presence
        raise ConventionError(
            f"{file}: not proven whether its stamps mark the start or the end of a bar ({why}); "
            "pass --stamp start or --stamp end"
        )
    if presence and spikes:
        evidence = f"{by_presence}; {by_spikes}"
    return EdgeProof(proven, evidence)


def _presence(stamps: IntArray, bar_ns: int, sessions: SessionFrame) -> tuple[StampEdge | None, str]:
    at_open = _any_within(stamps, sessions.open_ns - bar_ns + 1, sessions.open_ns)
    at_close = _any_within(stamps, sessions.close_ns, sessions.close_ns + bar_ns - 1)
    held = np.searchsorted(stamps, sessions.close_ns + bar_ns) > np.searchsorted(
        stamps, sessions.open_ns - bar_ns
    )
    count = int(held.sum())
    if not count:
        return None, "no session has bars"
    opens, closes = int((at_open & held).sum()), int((at_close & held).sum())
    text = f"{opens} of {count} sessions have a bar at the open, {closes} at the close"
    lead = (opens - closes) / count
    if lead >= _PRESENCE_LEAD:
        return "start", text
    return ("end", text) if lead <= -_PRESENCE_LEAD else (None, text)


def _spikes(
    stamps: IntArray, weight: FloatArray, bar_ns: int, sessions: SessionFrame, name: str
) -> tuple[StampEdge | None, str]:
    if bar_ns > 15 * NS_PER_MINUTE:
        return None, ""
    opening = _weights(stamps, weight, sessions.open_ns), _weights(stamps, weight, sessions.open_ns + bar_ns)
    # The auction itself prints in either minute; the rush into the close is the last regular minute.
    late, last, after = (_weights(stamps, weight, sessions.close_ns + step * bar_ns) for step in (-2, -1, 0))
    closing = last * last, late * after
    has_open, has_close = (np.isfinite(one) & np.isfinite(two) for one, two in (opening, closing))
    opens, closes = int(has_open.sum()), int(has_close.sum())
    early_open = int((opening[0] > opening[1])[has_open].sum())
    early_close = int((closing[0] > closing[1])[has_close].sum())
    returns = name == "absolute returns"
    if not opens or (returns and opens < _FEWEST_FOR_RETURNS):
        return None, f"{name} shows no opening spike" if not opens else ""
    # Returns have no closing auction, so only the open speaks there.
    votes = [early_open / opens] if returns or not closes else [early_open / opens, early_close / closes]
    if all(vote >= _CLEAR for vote in votes):
        edge: StampEdge | None = "start"
    elif all(vote <= 1 - _CLEAR for vote in votes):
        edge = "end"
    else:
        edge = None
    one, two = (early_open, early_close) if edge != "end" else (opens - early_open, closes - early_close)
    where = "at the open" if edge != "end" else "a bar after the open"
    text = f"{name} jumps {where} in {one} of {opens} sessions"
    if len(votes) > 1:
        text += f", rises most {'a bar before' if edge != 'end' else 'at'} the close in {two} of {closes}"
    return edge, text


def _any_within(
    stamps: IntArray, low: IntArray, high: IntArray
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    return np.searchsorted(stamps, high, side="right") > np.searchsorted(stamps, low, side="left")


def _weights(stamps: IntArray, weight: FloatArray, at: IntArray) -> FloatArray:
    place = np.minimum(np.searchsorted(stamps, at), len(stamps) - 1)
    return np.where(stamps[place] == at, weight[place], np.nan)
