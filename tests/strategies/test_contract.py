"""What every registered strategy owes, built-in or installed."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import newsvol.strategies.builtin  # noqa: F401, registers the built-in ones
from newsvol.engine.frames import DecisionFrame
from newsvol.strategies.protocol import STRATEGIES, Strategy

every_strategy = pytest.mark.parametrize("name", STRATEGIES.names())


def changed_after(frame: DecisionFrame, row: int, seed: int) -> DecisionFrame:
    """The frame with every column scrambled, scaled or blanked after `row`."""
    rng = np.random.default_rng(seed)
    columns = {}
    for field in fields(frame):
        column = getattr(frame, field.name).copy()
        tail = rng.permutation(column[row + 1 :])
        if column.dtype == np.float64:
            tail = np.where(rng.random(len(tail)) < 0.3, np.nan, tail * rng.uniform(0.2, 5, len(tail)))
        column[row + 1 :] = tail
        columns[field.name] = column
    return replace(frame, **columns)


@every_strategy
def test_it_is_a_strategy(name):
    strategy = STRATEGIES.factory(name)()
    assert isinstance(strategy, Strategy)
    assert isinstance(strategy.every_bar, bool)
    assert strategy.lookback >= 1


@every_strategy
@given(rows=st.integers(0, 400), seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_weights_are_within_one_or_kept(name, rows, seed, make_frame):
    weight = STRATEGIES.factory(name)().decide(make_frame(rows, seed))
    assert weight.shape == (rows,)
    assert weight.dtype == np.float64
    assert np.all(np.isnan(weight) | (np.abs(weight) <= 1))


@every_strategy
def test_nothing_is_opened_without_a_forecast(name, make_frame):
    weight = STRATEGIES.factory(name)().decide(make_frame(300, seed=4, unfitted=100))[:100]
    assert np.all(np.isnan(weight) | (weight == 0))


@every_strategy
def test_it_trades_at_some_point(name, make_frame):
    weight = STRATEGIES.factory(name)().decide(make_frame(600, seed=5))
    assert np.any(np.abs(weight[np.isfinite(weight)]) > 0)


@every_strategy
@pytest.mark.parametrize("seed", [0, 1])
def test_tick_by_tick_gives_the_same_bits_as_columns(name, seed, make_frame):
    strategy = STRATEGIES.factory(name)()
    frame = make_frame(600, seed)
    columns = strategy.decide(frame)
    by_tick = [
        strategy.decide(frame.take(slice(max(0, i + 1 - strategy.lookback), i + 1)))[-1]
        for i in range(len(frame))
    ]
    assert columns.tobytes() == np.array(by_tick).tobytes()


@every_strategy
@given(row=st.integers(0, 399), seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_the_future_does_not_change_the_past(name, row, seed, make_frame):
    strategy = STRATEGIES.factory(name)()
    frame = make_frame(400, seed)
    before = strategy.decide(frame)[: row + 1]
    after = strategy.decide(changed_after(frame, row, seed))[: row + 1]
    assert before.tobytes() == after.tobytes()


@every_strategy
def test_deciding_leaves_no_trace(name, make_frame):
    strategy = STRATEGIES.factory(name)()
    first = strategy.decide(make_frame(300, seed=1))
    strategy.decide(make_frame(300, seed=2))
    assert first.tobytes() == strategy.decide(make_frame(300, seed=1)).tobytes()
