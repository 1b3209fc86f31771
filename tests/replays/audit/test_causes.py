"""Which differences only follow from others, and what a plug-in is likely to do."""

import numpy as np
import pytest

from newsvol.replays.audit.causes import likely_cause, without_consequences
from newsvol.replays.audit.observation import Difference

FORECASTER = ("forecaster mine", "variance")
FUSED = ("fused forecast", "variance")
FRAME = ("frame vol_target", "session_vol")
WEIGHT = ("strategy vol_target", "weight")
ORDER = ("strategy vol_target", "order")
OTHER = ("strategy har_breakout", "weight")
HISTORY = ("history", "rv")
ALL = (FORECASTER, FUSED, FRAME, WEIGHT, ORDER, OTHER, HISTORY)


def difference(key: tuple[str, str]) -> Difference:
    return Difference(*key, row=3, known_ns=3, expected=1.0, found=2.0, rows=1, of=9, places=(3,))


def named(found: tuple[tuple[str, str], ...], **how: object) -> list[tuple[str, str]]:
    kept = without_consequences([difference(key) for key in found], **how)  # type: ignore[arg-type]
    return [(one.part, one.column) for one in kept]


def test_a_forecaster_is_named_and_not_what_is_computed_from_it():
    assert named(ALL) == [FORECASTER, WEIGHT, OTHER, HISTORY]
    assert named((FUSED, FRAME, WEIGHT), known={FORECASTER}) == [WEIGHT]
    assert named((FUSED, FRAME)) == [FUSED, FRAME]


def test_an_order_is_named_where_its_weight_does_not_differ():
    assert named((WEIGHT, ORDER)) == [WEIGHT]
    assert named((ORDER, OTHER)) == [ORDER, OTHER]
    assert named((ORDER,), known={WEIGHT}) == []


def test_strategies_that_were_asked_about_those_forecasts_follow_them():
    assert named(ALL, strategies_follow=True) == [FORECASTER, HISTORY]
    assert named((FUSED, FRAME, WEIGHT, ORDER), strategies_follow=True) == [FUSED]
    assert named((FRAME, WEIGHT, OTHER, HISTORY), strategies_follow=True) == [FRAME, WEIGHT, OTHER, HISTORY]
    assert named((WEIGHT,), known={FUSED}, strategies_follow=True) == []


FALSE_LOOKBACK = "It needs more than its lookback of LOOKBACK rows"
LATER = "It reads rows that come later"
OWN_STEP = "Its live step says something else than its forecast does, given the same past"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({}, "It fails when it is asked for one row alone"),
        ({"short": 2.0, "own_step": 1.0}, OWN_STEP),
        ({"short": 1.0, "own_step": 1.0}, f"{LATER}, or its live step and its forecast are not the same"),
        ({"short": 1.0, "own_step": 0.0}, LATER),
        ({"short": 3.0, "own_step": 0.0}, "It remembers earlier calls: asked first for this row it says"),
        ({"short": np.nan, "whole": 1.0}, "It remembers earlier calls: asked first for this row it says"),
        ({"short": 1.0, "whole": 1.0}, LATER),
        ({"short": 1.0 + 1e-10, "whole": 1.0 - 1e-10}, LATER),
        ({"short": 1.0, "whole": 2.0}, FALSE_LOOKBACK),
        ({"short": 1.0, "whole": 3.0}, f"{LATER}, and more of the past than its lookback of LOOKBACK rows"),
    ],
)
def test_the_likely_cause_comes_of_what_is_said_of_a_row_that_is_asked_for_first(answer, cause):
    said = likely_cause(answer, live=1.0, columns=2.0)
    assert said == cause or (said.startswith(cause) and "remembers" in cause)


def test_nothing_is_an_answer_as_well():
    assert likely_cause({"short": np.nan, "whole": np.nan}, np.nan, 2.0) == LATER
    assert likely_cause({"short": np.nan, "whole": 2.0}, np.nan, 2.0) == FALSE_LOOKBACK
