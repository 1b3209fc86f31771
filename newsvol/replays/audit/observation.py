"""What a pass over the tape said, when each of it was known, and where two passes say something else."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray, IntArray
from newsvol.engine.plug_ins import differing_rows


@dataclass(frozen=True)
class Series:
    """One column of what was said.

    Attributes
    ----------
    part, column : str
        ``strategy vol_target`` and ``weight``.
    known_ns : IntArray, shape (M,)
        When each row was known.
    values : FloatArray, shape (M,)
    exact : bool
        newsvol's own, which must agree to the bit; what other packages give may round apart.
    """

    part: str
    column: str
    known_ns: IntArray
    values: FloatArray
    exact: bool

    @property
    def key(self) -> tuple[str, str]:
        """Part and column."""
        return self.part, self.column

    def take(self, rows: BoolArray | IntArray) -> "Series":
        """Return the series of `rows`."""
        return replace(self, known_ns=self.known_ns[rows], values=self.values[rows])


@dataclass(frozen=True)
class Difference:
    """Where two series say something else.

    Attributes
    ----------
    part, column : str
    row, known_ns : int
        The first row that differs, and when it was known.
    expected, found : float
        What each says there.
    rows, of : int
        How many rows differ, and how many were compared.
    places : tuple of int
        Some of the rows that differ.
    """

    part: str
    column: str
    row: int
    known_ns: int
    expected: float
    found: float
    rows: int
    of: int
    places: tuple[int, ...]


@dataclass(frozen=True)
class Observation:
    """Everything that a pass said, and what the plug-ins did beside.

    Attributes
    ----------
    series : tuple of Series
    acts : tuple of tuple of str
        What a plug-in did that an audit cannot undo: (part, what it did).
    facts : dict
        Lookbacks and packages of the parts, by part.
    """

    series: tuple[Series, ...]
    acts: tuple[tuple[str, str], ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def of(self, part: str, column: str) -> Series:
        """Return one series.

        Raises
        ------
        KeyError
            There is none of that name.
        """
        return {one.key: one for one in self.series}[part, column]

    def save(self, file: Path) -> None:
        """Write it as one ``.npz``."""
        arrays: dict[str, Any] = {}
        for place, one in enumerate(self.series):
            arrays[f"known{place}"], arrays[f"values{place}"] = one.known_ns, one.values
        about = [{"part": one.part, "column": one.column, "exact": one.exact} for one in self.series]
        meta = json.dumps({"series": about, "acts": self.acts, "facts": self.facts})
        np.savez(file, meta=np.array(meta), **arrays)


def load_observation(file: Path) -> Observation:
    """Read what `Observation.save` wrote."""
    with np.load(file, allow_pickle=False) as stored:
        meta = json.loads(str(stored["meta"]))
        series = tuple(
            Series(about["part"], about["column"], stored[f"known{i}"], stored[f"values{i}"], about["exact"])
            for i, about in enumerate(meta["series"])
        )
    return Observation(series, tuple((part, what) for part, what in meta["acts"]), meta["facts"])


def differences(expected: Observation, found: Observation, until_ns: int | None = None) -> list[Difference]:
    """Compare two observations series by series, as far as both know them.

    Parameters
    ----------
    until_ns : int, optional
        Only what was known by then.
    """
    others = {one.key: one for one in found.series}
    pairs = ((one, others[one.key]) for one in expected.series if one.key in others)
    return list(_differing(pairs, until_ns))


def _differing(pairs: Iterable[tuple[Series, Series]], until_ns: int | None) -> Iterable[Difference]:
    for ours, theirs in pairs:
        a, b = _until(ours, until_ns), _until(theirs, until_ns)
        rows = min(len(a.values), len(b.values))
        stamps = np.flatnonzero(a.known_ns[:rows] != b.known_ns[:rows])
        wrong = np.union1d(
            stamps, differing_rows(a.values[:rows], b.values[:rows], exactly=ours.exact)
        ).astype(np.int64)
        longest = max(len(a.values), len(b.values))
        wrong = np.concatenate([wrong, np.arange(rows, longest)])
        if not len(wrong):
            continue
        row = int(wrong[0])
        at = (a if row < len(a.values) else b).known_ns[row]
        some = wrong[wrong < rows]
        yield Difference(
            part=ours.part,
            column=ours.column,
            row=row,
            known_ns=int(at),
            expected=float(a.values[row]) if row < len(a.values) else np.nan,
            found=float(b.values[row]) if row < len(b.values) else np.nan,
            rows=len(wrong),
            of=longest,
            places=tuple(some[:: max(len(some) // 5, 1)][:5].tolist()),
        )


def _until(one: Series, until_ns: int | None) -> Series:
    if until_ns is None:
        return one
    known = one.known_ns <= until_ns
    return one.take(known)
