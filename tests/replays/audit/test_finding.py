"""A finding in words."""

import pytest

from newsvol.replays.audit.finding import Finding

STAMP_NS = 1_702_672_200_000_000_000


@pytest.mark.parametrize(
    ("rows", "of", "share"),
    [
        (3, 200, "3 of 200 rows (1.50%)"),
        (20, 200, "20 of 200 rows (10.00%)"),
        (21, 200, "21 of 200 rows (10%)"),
        (1_234, 1_234, "1,234 of 1,234 rows (100%)"),
        (0, 0, "0 of 0 rows (0.00%)"),
    ],
)
def test_a_finding_is_one_readable_line(rows: int, of: int, share: str) -> None:
    what = "1 from what was known then, 0 given all rows"
    found = Finding("strategy x", what, "It reads rows", "weight", STAMP_NS, rows, of)
    assert str(found) == (
        f"strategy x: {what}; weight from 2023-12-15T20:30:00 UTC on, {share}. It reads rows"
    )
    assert found.first == "2023-12-15T20:30:00 UTC"


def test_a_finding_without_rows_or_cause_says_what_was_found() -> None:
    found = Finding("mine", "runs true")
    assert str(found) == "mine: runs true"
    assert found.first == ""
    assert (found.rows, found.of, found.column, found.cause) == (0, 0, "", "")
    assert str(Finding("mine", "runs true", "Do not")) == "mine: runs true. Do not"
