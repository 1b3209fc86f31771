"""Tape folders: whole or not at all, and unchanged since."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from newsvol.engine.errors import OutputError, TapeError
from newsvol.replays.tapes.synth import Market, synthesize
from newsvol.replays.tapes.tape import Tape, load_tape, save_tape


@pytest.fixture(scope="module")
def small() -> Tape:
    return synthesize(Market(sessions=3, headlines=20))[0]


def test_a_saved_tape_reads_back_equal(small: Tape, tmp_path: Path) -> None:
    content_hash = save_tape(small, tmp_path / "tape", {"truth.json": "{}"})
    again = load_tape(tmp_path / "tape")
    assert again.content_hash() == content_hash == small.content_hash()
    np.testing.assert_array_equal(again.news.headline, small.news.headline)
    assert (tmp_path / "tape" / "truth.json").read_text() == "{}"


def test_a_changed_price_is_noticed(small: Tape, tmp_path: Path) -> None:
    save_tape(small, tmp_path / "a")
    other = synthesize(Market(sessions=3, headlines=20, seed=8))[0]
    save_tape(other, tmp_path / "b")
    (tmp_path / "b" / "bars.parquet").replace(tmp_path / "a" / "bars.parquet")
    with pytest.raises(TapeError, match="content hash differs"):
        load_tape(tmp_path / "a")


@pytest.mark.parametrize("damage", ["bars.parquet", "tape.json"])
def test_a_damaged_tape_is_refused_in_one_line(small: Tape, tmp_path: Path, damage: str) -> None:
    save_tape(small, tmp_path / "tape")
    (tmp_path / "tape" / damage).write_bytes(b"not what it was")
    with pytest.raises(TapeError, match="import it again") as refusal:
        load_tape(tmp_path / "tape")
    assert "\n" not in str(refusal.value)


def test_a_tape_of_another_format_says_so(small: Tape, tmp_path: Path) -> None:
    save_tape(small, tmp_path / "tape")
    file = tmp_path / "tape" / "tape.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99}))
    with pytest.raises(TapeError, match="format 99"):
        load_tape(tmp_path / "tape")


def test_a_folder_that_is_no_tape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="not a tape"):
        load_tape(tmp_path)


def test_a_full_folder_is_not_overwritten(small: Tape, tmp_path: Path) -> None:
    (tmp_path / "tape").mkdir()
    (tmp_path / "tape" / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="exists already"):
        save_tape(small, tmp_path / "tape")
    assert (tmp_path / "tape" / "mine.txt").read_text() == "keep"


def test_a_tape_until_a_day_holds_nothing_that_was_known_later(small: Tape) -> None:
    first, last = small.days()
    day = first + (last - first) // 2
    midnight_ns = small.day_start_ns(day + timedelta(days=1))
    cut = small.until(day)
    assert 0 < len(cut.bars) < len(small.bars)
    assert 0 < len(cut.news) < len(small.news)
    assert cut.bars.close_ns.max() <= midnight_ns
    assert cut.news.available_ns.max() <= midnight_ns
    assert cut.sessions.close_ns.max() <= midnight_ns
    assert len(cut.bars) == (small.bars.close_ns <= midnight_ns).sum()
    assert len(cut.news) == (small.news.available_ns <= midnight_ns).sum()
    assert small.until(date.max) is small
    with pytest.raises(TapeError, match="no bars up to"):
        small.until(first - timedelta(days=1))


def test_a_session_that_goes_past_midnight_is_kept_to_its_close(small: Tape) -> None:
    """As those of futures do: Sunday evening to Monday afternoon."""
    hours_ns, sessions = 8 * 3600 * 10**9, small.sessions
    late = Tape(
        replace(small.bars, open_ns=small.bars.open_ns + hours_ns, close_ns=small.bars.close_ns + hours_ns),
        small.news,
        replace(sessions, open_ns=sessions.open_ns + hours_ns, close_ns=sessions.close_ns + hours_ns),
        small.info,
    )
    cut = late.until(late.days()[0] + timedelta(days=1))
    assert cut.bars.close_ns[-1] == cut.sessions.close_ns[-1] == late.sessions.close_ns[len(cut.sessions) - 1]
    assert len(cut.bars) == 390 * len(cut.sessions)
