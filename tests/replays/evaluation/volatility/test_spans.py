"""The span is chosen before looking, by days or as the last third."""

from datetime import date

import numpy as np
import pytest
from evaluations import request_of

from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError
from newsvol.replays.evaluation.volatility.evaluation import Evaluation, evaluate
from newsvol.replays.report.evaluation.verdicts import span_sentence
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.tapes.tape import Tape


def test_the_test_span_is_the_last_third(found: Evaluation) -> None:
    buckets = len(found.history.buckets)
    assert np.flatnonzero(found.rows)[0] == buckets - buckets // 3
    assert found.rows.sum() == buckets // 3
    assert "the last third" in span_sentence(found)


def test_days_choose_the_span(planted: tuple[Tape, FloatArray], recipe: Recipe) -> None:
    tape, probs = planted
    chosen = request_of(first=date(2023, 9, 5), last=date(2023, 10, 31), shuffles=1)
    found = evaluate(tape, recipe, probs, chosen)
    days = found.history.buckets.open_ns[found.rows].astype("datetime64[ns]").astype("datetime64[D]")
    assert (str(days.min()), str(days.max())) == ("2023-09-05", "2023-10-31")
    assert found.span.rule == "from 2023-09-05 to 2023-10-31"


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ({"first": date(2030, 1, 1)}, "--from 2030-01-01 is after the tape's last day, 2023-12-29"),
        ({"last": date(2020, 1, 1)}, "--to 2020-01-01 is before the tape's first day, 2023-01-03"),
        ({"first": date(2023, 9, 5), "last": date(2023, 9, 1)}, "--to 2023-09-01 is before --from"),
        ({"first": date(2023, 9, 2), "last": date(2023, 9, 4)}, "no session from 2023-09-02 to 2023-09-04"),
        ({"first": date(2023, 12, 28)}, "has 14 buckets with forecasts, the tests need 35"),
        ({"first": date(2023, 1, 3), "last": date(2023, 4, 1)}, "too short: no HAR forecast"),
    ],
)
def test_days_that_leave_nothing_are_refused(
    planted: tuple[Tape, FloatArray], recipe: Recipe, days: dict[str, date], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        evaluate(planted[0], recipe, None, request_of(**days))
