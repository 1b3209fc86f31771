"""Frames refuse what cannot be, by row, and pass on what they hold."""

from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.errors import TapeError
from newsvol.engine.frames import (
    BarFrame,
    Columns,
    DecisionFrame,
    FillFrame,
    ForecastFrame,
    NewsFrame,
    SentimentScores,
    SessionFrame,
    WeightFrame,
)

N = 5
FLOATS = {
    BarFrame: ("open", "high", "low", "close", "volume"),
    SentimentScores: ("score",),
    ForecastFrame: ("variance",),
    DecisionFrame: ("minutes_to_close", "close", "anchor", "variance", "session_vol", "annual_vol", "tone"),
    WeightFrame: ("weight",),
    FillFrame: ("weight", "price"),
}
FRAMES = [
    BarFrame,
    NewsFrame,
    SessionFrame,
    SentimentScores,
    ForecastFrame,
    DecisionFrame,
    WeightFrame,
    FillFrame,
]


def make(kind: type[Columns], n: int = N) -> Any:
    """A valid frame of `n` rows."""
    start = np.arange(n, dtype=np.int64) * 10
    columns: dict[str, Any] = {field.name: start.copy() for field in fields(kind)}  # type: ignore[arg-type]
    columns |= {name: np.linspace(0.1, 1.0, n) for name in FLOATS.get(kind, ())}
    if kind is BarFrame:
        price = 100 + np.arange(n, dtype=np.float64)
        columns |= {"open": price, "high": price + 2, "low": price - 2, "close": price + 1}
    if kind in (BarFrame, SessionFrame):
        columns["close_ns"] = start + 10
    if kind is NewsFrame:
        columns |= {
            name: np.array([f"{name} {i}" for i in range(n)], dtype=object) for name in ("source", "headline")
        }
    if kind is SentimentScores:
        columns["probs"] = np.full((n, 3), 1 / 3)
    return kind(**columns)


def edited(frame: Any, column: str, row: int, value: float) -> Any:
    """The frame with one cell changed, built anew and so checked again."""
    values = getattr(frame, column).copy()
    values[row] = value
    return replace(frame, **{column: values})


every_frame = pytest.mark.parametrize("kind", FRAMES)


@every_frame
def test_a_frame_has_the_length_of_its_columns(kind):
    assert len(make(kind)) == N
    assert len(make(kind, 0)) == 0


@every_frame
def test_columns_of_different_length_are_refused_with_their_lengths(kind):
    frame = make(kind)
    last = fields(frame)[-1].name
    with pytest.raises(TapeError, match=rf"{kind.__name__} columns differ in length: .*'{last}': 4"):
        replace(frame, **{last: getattr(frame, last)[:-1]})


@every_frame
def test_a_frame_is_frozen(kind):
    frame = make(kind)
    with pytest.raises(FrozenInstanceError):
        setattr(frame, fields(frame)[0].name, np.zeros(N))


@every_frame
@given(
    rows=st.one_of(
        st.slices(N),
        st.lists(st.booleans(), min_size=N, max_size=N).map(lambda mask: np.array(mask, dtype=bool)),
        st.lists(st.integers(0, N - 1), max_size=9).map(lambda picked: np.array(picked, dtype=np.int64)),
    )
)
def test_take_keeps_every_column(kind, rows):
    frame = make(kind)
    taken = frame.take(rows)
    assert type(taken) is kind
    for field in fields(kind):
        column, part = getattr(frame, field.name), getattr(taken, field.name)
        assert part.dtype == column.dtype
        assert np.array_equal(part, column[rows])
        assert len(part) == len(taken)


def test_a_bar_that_ends_before_it_starts_is_refused():
    with pytest.raises(TapeError, match="bar 2 ends before it starts"):
        edited(make(BarFrame), "close_ns", 2, 20)


def test_a_bar_that_overlaps_the_one_before_is_refused():
    with pytest.raises(TapeError, match="bar 3 starts before the bar before it ends"):
        edited(make(BarFrame), "close_ns", 2, 31)


@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
@pytest.mark.parametrize("price", [0.0, -1.0, np.nan, np.inf])
def test_a_price_that_is_not_positive_and_finite_is_refused(column, price):
    with pytest.raises(TapeError, match="bar 1 has a price that is not positive and finite"):
        edited(make(BarFrame), column, 1, price)


@pytest.mark.parametrize(
    ("column", "price"), [("open", 200.0), ("close", 200.0), ("open", 1.0), ("close", 1.0)]
)
def test_a_bar_outside_its_own_range_is_refused(column, price):
    with pytest.raises(TapeError, match="bar 4 has open or close outside its high-low range"):
        edited(make(BarFrame), column, 4, price)


def test_a_bar_whose_low_is_above_its_high_is_refused():
    with pytest.raises(TapeError, match="bar 0 has open or close outside its high-low range"):
        edited(make(BarFrame), "low", 0, 150.0)


def test_bars_without_volume_and_with_gaps_are_fine():
    frame = edited(make(BarFrame), "volume", 0, np.nan)
    assert len(edited(frame, "close_ns", 2, 25)) == N


def test_a_headline_available_before_it_was_published_is_refused():
    with pytest.raises(TapeError, match="headline 1 is available before it was published"):
        edited(make(NewsFrame), "published_ns", 1, 11)


def test_headlines_out_of_order_are_refused():
    frame = edited(make(NewsFrame), "published_ns", 3, 0)
    with pytest.raises(TapeError, match="headline 3 is out of order"):
        edited(frame, "available_ns", 3, 19)


def test_headlines_of_one_instant_are_fine():
    frame = make(NewsFrame)
    same = np.full(N, 100)
    assert len(replace(frame, available_ns=same)) == N


@pytest.mark.parametrize(("column", "value"), [("close_ns", 20), ("close_ns", 31), ("open_ns", 19)])
def test_sessions_that_overlap_or_end_before_they_start_are_refused(column, value):
    with pytest.raises(TapeError, match="sessions overlap or end before they start"):
        edited(make(SessionFrame), column, 2, value)


@pytest.mark.parametrize("weight", [1.0000001, -2.0, np.nan, np.inf])
def test_a_weight_that_needs_leverage_or_is_unknown_is_refused(weight):
    with pytest.raises(TapeError, match=r"weight 3 is not within \[-1, 1\]"):
        edited(make(WeightFrame), "weight", 3, weight)


@pytest.mark.parametrize("weight", [-1.0, 0.0, 1.0])
def test_a_weight_of_all_the_equity_is_fine(weight):
    assert edited(make(WeightFrame), "weight", 3, weight).weight[3] == weight
