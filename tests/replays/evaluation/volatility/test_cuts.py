"""Cuts of the span: groups that add up to the whole."""

import numpy as np
import pytest

from newsvol.replays.evaluation.volatility.evaluation import Evaluation


@pytest.mark.parametrize("cut", ["time of day", "month", "event day", "news hour"])
def test_the_groups_of_a_cut_add_up_to_the_whole(found: Evaluation, cut: str) -> None:
    rows = [row for row in found.cuts if row.cut == cut]
    assert len(rows) > 1
    assert sum(row.buckets for row in rows) == found.rows.sum()
    for name, score in found.board.models.items():
        total = sum(row.buckets * row.qlike[name] for row in rows)
        assert total / found.rows.sum() == pytest.approx(score.qlike)


def test_the_time_of_day_is_that_of_the_exchange(found: Evaluation) -> None:
    groups = [row.group for row in found.cuts if row.cut == "time of day"]
    assert groups == ["09:30", "10:30", "11:30", "12:30", "13:30", "14:30", "15:30"]


def test_an_event_day_is_the_whole_session(found: Evaluation) -> None:
    events = next(row for row in found.cuts if row.group == "event day")
    session = found.history.buckets.session[found.rows]
    assert events.buckets == np.sum(session % 30 == 29)
