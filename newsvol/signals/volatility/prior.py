"""What a panel of other tapes says of one that has no past yet: coefficients, and the time of day.

A regression is shrunk towards it by evidence: the panel's mean row counts as `ROWS` rows of the tape's own,
and its curve as `diurnal.PRIOR_SESSIONS` sessions.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np

from newsvol.engine.arrays import NS_PER_MINUTE, FloatArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.signals.volatility.buckets import DAY, BucketFrame
from newsvol.signals.volatility.gaps import session_bounds
from newsvol.signals.volatility.har import Evidence

ROWS: Final = 50.0
"""Rows of a tape's own that the panel's mean row is worth: after a week and a half it counts for half."""

SMEARING_ROWS: Final = 15.0
"""Errors of a tape's own that the panel's smearing factor is worth."""

WARM_UP: Final = 3 * DAY - 1
"""Rows that are fitted on before the first forecast, which is that of the fourth session's first bucket: no
prior knows the level of a tape."""

PIECES: Final = 13
"""Equal parts of a session that the curve is kept in: half hours of a New York session."""

FORMAT: Final = 1


@dataclass(frozen=True)
class Member:
    """A tape of the panel: what of it was fitted on.

    `minutes` is the length of its sessions; `tape_hash` is of the tape up to its last day.
    """

    symbol: str
    sessions: int
    first: date
    last: date
    minutes: int
    tape_hash: str


@dataclass(frozen=True)
class Prior:
    """What a panel says.

    Attributes
    ----------
    members : tuple of Member
    columns : tuple of str
        Of the regression in logs of z: ``constant``, ``lag1`` and so on, columns by name, dummies of events.
    moments : FloatArray, shape (p, p + 1)
        Mean over the panel's rows of x x', beside that of x y.
    smearing : float
        Mean of exp(error) of the panel's own fit, each error's ratio bounded.
    curve : FloatArray, shape (PIECES,)
        Variance per hour in each part of a session, mean one.
    night_share : float
        Variance of a night as a share of a session's.
    """

    members: tuple[Member, ...]
    columns: tuple[str, ...]
    moments: FloatArray
    smearing: float
    curve: FloatArray
    night_share: float

    @property
    def last(self) -> date:
        """The last day that it knows: on tapes before it, it is hindsight."""
        return max(member.last for member in self.members)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The instruments that it was fitted on."""
        return tuple(sorted({member.symbol for member in self.members}))

    @property
    def coefficients(self) -> dict[str, float]:
        """The panel's own fit, by column."""
        p = len(self.columns)
        fitted = least_squares(self.moments[:, :p], self.moments[:, p])
        return dict(zip(self.columns, fitted.tolist(), strict=True))

    def knows(self, columns: Sequence[str]) -> list[bool]:
        """Return whether the panel has anything to say of each column: of an event that it never saw, not."""
        return [
            name in self.columns and self.moments[(place := self.columns.index(name)), place] > 0
            for name in columns
        ]

    def evidence(self, columns: Sequence[str]) -> Evidence:
        """Return what it says of a regression on `columns`; nothing of those that it does not know."""
        p = len(columns)
        known = [row for row, knows in enumerate(self.knows(columns)) if knows]
        place = [self.columns.index(columns[row]) for row in known]
        moments = np.zeros((p, p + 1))
        moments[np.ix_(known, [*known, p])] = ROWS * self.moments[np.ix_(place, [*place, len(self.columns)])]
        return Evidence(ROWS, moments, SMEARING_ROWS, self.smearing)

    def curve_of(self, buckets: BucketFrame) -> FloatArray:
        """Return the curve of the slots of a full session, shape (slots,), mean one.

        Raises
        ------
        InputError
            The sessions are of another length than those of the panel.
        """
        if len(buckets) == 0:
            return np.empty(0)
        minutes = session_minutes(buckets)
        ours = {member.minutes for member in self.members}
        if ours != {minutes}:
            raise InputError(
                f"the prior is of sessions of {' and '.join(map(str, sorted(ours)))} minutes, and those of "
                f"the tape have {minutes}: it says nothing of their time of day; give volatility.prior: none"
            )
        whole = np.flatnonzero(buckets.slot == buckets.n_slots - 1)[0] + np.arange(1 - buckets.n_slots, 1)
        overlap = overlaps(buckets, whole)
        curve = overlap @ self.curve / overlap.sum(axis=1)
        return np.asarray(curve / curve.mean())

    def to_json(self) -> str:
        """Return the table, as `read_prior` reads it."""
        content: dict[str, Any] = {
            "format": FORMAT,
            "members": [
                {**asdict(one), "first": str(one.first), "last": str(one.last)} for one in self.members
            ],
            "coefficients": {name: round(value, 3) for name, value in self.coefficients.items()},
            "smearing": round(self.smearing, 6),
            "night_share": round(self.night_share, 6),
            "curve": np.round(self.curve, 6).tolist(),
            "columns": list(self.columns),
        }
        # one row a line: a table that can be read, and whose changes can be seen
        rows = ",\n".join("  " + json.dumps([float(f"{value:.9g}") for value in row]) for row in self.moments)
        head = json.dumps(content, indent=1)
        return f'{head[:-2]},\n "moments": [\n{rows}\n ]\n}}\n'


def read_prior(file: Path) -> Prior:
    """Read a prior that `Prior.to_json` wrote.

    Raises
    ------
    InputError
        The file cannot be read, or is no prior.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        written = int(content["format"])
        members = tuple(
            Member(
                str(one["symbol"]),
                int(one["sessions"]),
                date.fromisoformat(one["first"]),
                date.fromisoformat(one["last"]),
                int(one["minutes"]),
                str(one["tape_hash"]),
            )
            for one in content["members"]
        )
        columns = tuple(str(name) for name in content["columns"])
        moments = np.array(content["moments"], dtype=np.float64)
        curve = np.array(content["curve"], dtype=np.float64)
        smearing, night_share = float(content["smearing"]), float(content["night_share"])
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{file} is no prior; make one with: newsvol vol prior --fit TAPE --out FILE"
        ) from error
    if written != FORMAT:
        raise InputError(f"{file} is a prior of format {written}, this version reads {FORMAT}; fit it again")
    p = len(columns)
    sound = (
        moments.shape == (p, p + 1)
        and curve.shape == (PIECES,)
        and bool(members)
        and bool(np.isfinite(moments).all() and np.isfinite(curve).all() and (curve > 0).all())
        and np.isfinite(smearing)
        and smearing > 0
        and np.isfinite(night_share)
        and night_share >= 0
        and np.allclose(moments[:, :p], moments[:, :p].T)
        and float(np.linalg.eigvalsh(moments[:, :p]).min()) > -1e-6 * float(np.trace(moments[:, :p]))
    )
    if not sound:
        raise InputError(f"{file} is no prior: its numbers do not fit together; fit it again")
    return Prior(members, columns, moments, smearing, curve, night_share)


def us_prior() -> Path:
    """Return the file of the shipped prior."""
    return Path(str(resources.files("newsvol.signals.volatility").joinpath("us_prior.json")))


def prior_file(named: Path | str) -> Path:
    """Return the file of a prior as users name it: ``us`` is the shipped one, all else a path."""
    return us_prior() if named == "us" else Path(named)


def least_squares(gram: FloatArray, target: FloatArray) -> FloatArray:
    """Return the coefficients of these moments, of least norm where columns repeat each other."""
    return np.asarray(np.linalg.lstsq(gram, target, rcond=1e-9)[0])


def session_minutes(buckets: BucketFrame) -> int:
    """Return the length of a full session."""
    bounds = session_bounds(buckets)
    return int((bounds.close_ns - bounds.open_ns).max()) // NS_PER_MINUTE


def overlaps(buckets: BucketFrame, rows: IntArray) -> FloatArray:
    """Return how much of each part of the session lies in each bucket, shape (slots, PIECES)."""
    begins, ends = int(buckets.open_ns[rows[0]]), int(buckets.close_ns[rows[-1]])
    edges = np.linspace(0.0, 1.0, PIECES + 1)
    first, last = (
        (column[rows] - begins) / (ends - begins) for column in (buckets.open_ns, buckets.close_ns)
    )
    overlap = np.minimum(last[:, None], edges[1:]) - np.maximum(first[:, None], edges[:-1])
    return np.asarray(np.maximum(overlap, 0.0))
