"""What each built-in strategy means, and the parameters that it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.errors import RecipeError
from newsvol.strategies.builtin import Breakout, BuyAndHold, NewsTilt, VolTarget, VolTiming
from newsvol.strategies.protocol import STRATEGIES
from newsvol.strategies.trailing_nb import trailing_median_nb
from newsvol.strategies.trailing_python import trailing_median_python


def test_the_built_in_names_are_those_of_the_recipes():
    assert {"buy_and_hold", "vol_target", "vol_timing", "news_tilt", "breakout"} <= set(STRATEGIES.names())


def test_buy_and_hold_is_all_in_from_the_first_forecast(make_frame):
    weight = BuyAndHold().decide(make_frame(20, seed=0, unfitted=3))
    assert np.isnan(weight[:3]).all()
    assert (weight[3:] == 1).all()


def test_vol_target_divides_the_target_by_the_forecast(make_frame):
    frame = replace(make_frame(2, seed=0, unfitted=0), annual_vol=np.array([0.4, 0.05]))
    assert VolTarget(target_vol_pct=10).decide(frame) == pytest.approx([0.25, 1.0])
    assert VolTarget(target_vol_pct=10, max_weight=0.5).decide(frame) == pytest.approx([0.25, 0.5])


def test_a_forecast_of_no_volatility_moves_nothing(make_frame):
    frame = replace(make_frame(2, seed=0, unfitted=0), annual_vol=np.array([0.0, 0.2]))
    assert np.isnan(VolTarget().decide(frame)).tolist() == [True, False]


def test_vol_timing_holds_all_at_the_usual_variance_and_half_at_twice(make_frame):
    annual_vol = np.full(10, 0.1)
    annual_vol[-1] = 0.1 * 2**0.5
    frame = replace(make_frame(10, seed=0, unfitted=0), annual_vol=annual_vol)
    weight = VolTiming(lookback=6).decide(frame)
    assert weight[:-1] == pytest.approx(1.0)  # invested from the first forecast on
    assert weight[-1] == pytest.approx(0.5)


def test_news_tilt_leans_with_the_tone(make_frame):
    frame = replace(
        make_frame(3, seed=0, unfitted=0), annual_vol=np.full(3, 0.2), tone=np.array([-50.0, 0.0, 50.0])
    )
    assert NewsTilt(tilt=0.5).decide(frame) == pytest.approx([0.25, 0.5, 0.75])
    assert NewsTilt(tilt=3.0).decide(frame) == pytest.approx([0.0, 0.5, 1.0])
    assert NewsTilt(tilt=3.0, allow_short=True).decide(frame) == pytest.approx([-1.0, 0.5, 1.0])


def test_breakout_goes_with_a_move_beyond_the_edge(make_frame):
    frame = replace(
        make_frame(4, seed=0, unfitted=0),
        variance=np.full(4, 0.0001),
        anchor=np.full(4, 100.0),
        close=np.array([101.1, 100.5, 98.9, 101.1]),
        minutes_to_close=np.array([60.0, 60.0, 60.0, 5.0]),
    )
    weight = Breakout(k=1.0, flat_minutes=5).decide(frame)
    assert weight[[0, 2, 3]].tolist() == [1.0, -1.0, 0.0]
    assert np.isnan(weight[1])
    assert np.isnan(Breakout(k=2.0).decide(frame)[0])


def test_breakout_holds_nothing_outside_a_session(make_frame):
    frame = replace(make_frame(2, seed=0, unfitted=0), minutes_to_close=np.array([np.nan, 0.0]))
    assert Breakout().decide(frame).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("strategy", "parameter", "value"),
    [
        (VolTarget, "target_vol_pct", 0),
        (VolTarget, "target_vol_pct", -10),
        (VolTarget, "target_vol_pct", float("nan")),
        (VolTarget, "target_vol_pct", "ten"),
        (VolTarget, "max_weight", 1.5),
        (VolTarget, "max_weight", True),
        (VolTiming, "lookback", 1),
        (VolTiming, "lookback", 250.0),
        (VolTiming, "lookback", None),
        (NewsTilt, "tilt", -0.5),
        (NewsTilt, "max_weight", 0),
        (NewsTilt, "target_vol_pct", float("inf")),
        (NewsTilt, "allow_short", "yes"),
        (Breakout, "k", 0),
        (Breakout, "flat_minutes", 0),
    ],
)
def test_a_silly_parameter_is_refused_in_one_line_that_names_it(strategy, parameter, value):
    with pytest.raises(RecipeError, match=f"{parameter} is .*; give") as refused:
        strategy(**{parameter: value})
    assert "\n" not in str(refused.value)


def test_the_refusal_names_the_strategy_as_a_recipe_does():
    with pytest.raises(RecipeError, match="strategy vol_timing: lookback is 0"):
        VolTiming(lookback=0)


floats = st.one_of(st.floats(0, 10), st.sampled_from([np.nan, 1.0, 2.0]))


@given(st.lists(floats, max_size=40), st.integers(1, 9), st.integers(1, 5))
def test_the_median_kernel_matches_plain_python(values, window, least):
    column = np.array(values, dtype=np.float64)
    kernel = trailing_median_nb(column, window, least)
    assert kernel.tobytes() == trailing_median_python(column, window, least).tobytes()
