"""Rows that are put aside, each with one reason, so that read = kept + quarantined by construction."""

from typing import Final

import numpy as np
import pandas as pd

from newsvol.engine.arrays import BoolArray
from newsvol.engine.errors import QuarantineError
from newsvol.replays.tapes.importing.raw_table import UNDECODABLE, RawTable

COLUMNS = ["file", "row", "reason", "text"]

WRONG_FIELDS: Final = "wrong number of fields"

NO_FAULT: Final = frozenset(
    {
        "outside session",
        "straddles the edge of the session",
        "another instrument",
        "outside bars",
        "empty row",
        "empty headline",
        "duplicate",
    }
)
"""Reasons that say nothing against how a file was read: it holds more than the tape needs."""


class Sieve:
    """Holds back the rows of one file that cannot be used; the first reason given to a row stays.

    Attributes
    ----------
    kept : BoolArray, shape (T,)
        Rows of `table.frame` that nothing was held against yet.
    """

    def __init__(self, table: RawTable) -> None:
        self.table = table
        self.kept: BoolArray = np.ones(len(table.frame), dtype=np.bool_)
        self._reason = np.full(len(table.frame), "", dtype=object)
        text = [column for column in table.frame if table.frame[column].dtype.kind not in "iufbM"]
        if table.form != "typed":
            cells = [table.frame[column].str for column in text]
            self.hold(np.logical_and.reduce([cell.strip().eq("").to_numpy() for cell in cells]), "empty row")
            for cell in cells:
                self.hold(cell.contains(UNDECODABLE, regex=False).to_numpy(), "undecodable bytes")

    def hold(self, bad: BoolArray, reason: str) -> None:
        """Put the rows of the mask `bad`, shape (T,), aside for `reason`."""
        fresh = np.asarray(bad, dtype=np.bool_) & self.kept
        self._reason[fresh] = reason
        self.kept &= ~fresh

    def counts(self) -> dict[str, int]:
        """Return how many rows were put aside, by reason, largest first; field counts share one reason."""
        reasons = [*self._reason[~self.kept], *(WRONG_FIELDS for _ in self.table.malformed)]
        return {
            str(reason): int(count)
            for reason, count in pd.Series(reasons, dtype=object).value_counts().items()
        }

    def require_clean(self, most: float) -> None:
        """Raise `QuarantineError` if more than the share `most` of the rows is faulty.

        Rows held for one of `NO_FAULT` count neither as faulty nor as rows.
        """
        faulty = {reason: count for reason, count in self.counts().items() if reason not in NO_FAULT}
        bad = sum(faulty.values())
        rows = int(self.kept.sum()) + bad
        if bad <= most * rows:
            return
        reason, count = next(iter(faulty.items()))
        raise QuarantineError(
            f"{self.table.name}: {bad:,} of {rows:,} rows ({bad / rows:.0%}) cannot be used, above the "
            f"{most:.0%} that --max-quarantine allows; most often: {reason} ({count:,})"
            f"{self.about_fields() if reason == WRONG_FIELDS else ''}",
            self.rows(),
        )

    def about_fields(self) -> str:
        """Return what is commonest among rows with another number of fields, and what may be behind it."""
        if not self.table.malformed:
            return ""
        told = pd.Series([reason for _, reason, _ in self.table.malformed]).mode()[0]
        commas = "; numbers with commas need quotes" if self.table.split_at == "," else ""
        return f": {told}, split at {self.table.split_at!r}{commas}"

    def rows(self) -> pd.DataFrame:
        """Return the quarantined rows in file order, columns ``file, row, reason, text``."""
        held = np.flatnonzero(~self.kept)
        # str() of each cell: astype(str) leaves what is missing as NaN, which nothing can join
        cells = self.table.frame.iloc[held].astype(object)
        cells = cells.where(cells.notna(), "").map(str)
        text = [",".join(row) for row in zip(*(cells[column] for column in cells), strict=True)]
        here = pd.DataFrame({"row": self.table.row[held], "reason": self._reason[held], "text": text})
        torn = pd.DataFrame(list(self.table.malformed), columns=["row", "reason", "text"])
        parts = [part for part in (here, torn) if len(part)]
        if not parts:
            return pd.DataFrame(columns=COLUMNS)
        rows = pd.concat(parts, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)
        rows.insert(0, "file", self.table.name)
        rows["text"] = rows["text"].str.replace(UNDECODABLE, "\ufffd", regex=False)
        return rows
