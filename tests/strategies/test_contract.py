"""What every registered strategy owes, built-in or installed."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import newsvol.strategies.builtin  # noqa: F401, registers the built-in ones
from newsvol.engine.arrays import FloatArray
from newsvol.engine.errors import InputError, PeekingError, RecipeError
from newsvol.engine.frames import DecisionFrame
from newsvol.strategies.contract import decide_columns, decide_live, require_strategy
from newsvol.strategies.events import Tick, as_columns
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


class Foreign:
    """A strategy of another package; its weights are what the test gives it, or come from the frame."""

    every_bar, lookback = False, 1

    def __init__(self, decide=None, lookback=1):
        self._decide = decide
        self.lookback = lookback
        self.seen: list[int] = []

    def decide(self, frame: DecisionFrame) -> FloatArray:
        self.seen.append(len(frame))
        return self._decide(frame) if self._decide else np.zeros(len(frame))


def usual(frame: DecisionFrame) -> FloatArray:
    return np.where(np.isfinite(frame.variance), 0.5, np.nan)


@every_strategy
def test_live_weights_are_those_of_the_columns(name, make_frame):
    strategy, frame = STRATEGIES.factory(name)(), make_frame(400, seed=6)
    live, taken = decide_live(name, strategy, frame)
    assert live.tobytes() == decide_columns(name, strategy, frame).tobytes()
    assert (taken > 0).all()


def test_a_row_is_decided_from_its_lookback_and_charged_what_the_clock_says(make_frame):
    now = [0]

    def decide(frame: DecisionFrame) -> FloatArray:
        now[0] += 5 * len(frame)
        return np.zeros(len(frame))

    strategy = Foreign(decide, lookback=3)
    _, taken = decide_live("mine", strategy, make_frame(5, seed=1), now_ns=lambda: now[0])
    assert strategy.seen == [1] * 5 + [1, 2, 3, 3, 3] + [5]  # warming up, row by row, all at once
    assert taken.tolist() == [5, 10, 15, 15, 15]


def next_close(frame: DecisionFrame) -> FloatArray:
    return np.where(np.append(frame.close[1:], frame.close[-1]) > frame.close, 1.0, 0.0)


def whole_sample(frame: DecisionFrame) -> FloatArray:
    return np.where(frame.close > np.median(frame.close), 1.0, 0.0)


def one_row_in_two_hundred(frame: DecisionFrame) -> FloatArray:
    weight = usual(frame)
    if len(frame) > 200:
        weight[200] = np.sign(frame.close[-1] - frame.close[200])
    return weight


def last_row_missing(frame: DecisionFrame) -> FloatArray:
    weight = usual(frame)
    weight[len(frame) // 2] = np.nan
    return weight if len(frame) > 1 else usual(frame)


@pytest.mark.parametrize(
    "peek",
    [next_close, whole_sample, one_row_in_two_hundred, last_row_missing],
    ids=lambda peek: peek.__name__,
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_strategy_whose_columns_know_more_than_its_rows_is_stopped(peek, seed, make_frame):
    with pytest.raises(
        PeekingError, match=r"strategy 'peek' of .* at row [\d,]+ \(2023-.* UTC\) from what is known"
    ):
        decide_live("peek", Foreign(peek), make_frame(400, seed))


def test_a_lookback_that_is_too_short_is_a_look_beyond_it(make_frame):
    def mean_of_five(frame: DecisionFrame) -> FloatArray:
        sums = np.cumsum(np.where(frame.close > frame.anchor, 1.0, 0.0))
        return (sums - np.concatenate([np.zeros(min(5, len(sums))), sums[:-5]])) / 5

    with pytest.raises(PeekingError, match="more than its lookback of 4"):
        decide_live("mean", Foreign(mean_of_five, lookback=4), make_frame(60, seed=3))
    decide_live("mean", Foreign(mean_of_five, lookback=5), make_frame(60, seed=3))


def test_a_strategy_that_remembers_its_calls_is_stopped(make_frame):
    calls: list[int] = []

    def remembering(frame: DecisionFrame) -> FloatArray:
        calls.append(len(frame))
        return np.full(len(frame), min(1.0, len(calls) / 1000))

    with pytest.raises(PeekingError, match="remembers earlier calls"):
        decide_live("mine", Foreign(remembering), make_frame(50, seed=0))


def test_sums_of_others_may_round_apart_and_no_more(make_frame):
    def off_by(share: float):
        return lambda frame: usual(frame) * (1.0 + (share if len(frame) == 1 else 0.0))

    frame = make_frame(50, seed=0)
    live, _ = decide_live("mine", Foreign(off_by(1e-10)), frame)
    # the live weights are the ones that are traded, to the last digit
    known = np.isfinite(live)
    assert np.array_equal(live, usual(frame) * (1.0 + 1e-10), equal_nan=True)
    assert (live[known] != usual(frame)[known]).any()
    with pytest.raises(PeekingError):
        decide_live("mine", Foreign(off_by(1e-8)), frame)


NONSENSE = {
    "too few": (
        lambda frame: np.zeros(max(len(frame) - 1, 0)),
        r"shape \(9,\) for 10 ticks; give one a tick",
    ),
    "one for all": (lambda _frame: 0.5, r"shape \(\) for 10 ticks"),
    "a column": (lambda frame: np.zeros((len(frame), 1)), r"shape \(10, 1\) for 10 ticks"),
    "infinite": (
        lambda frame: np.full(len(frame), np.inf),
        r"gives inf at row 0 \(2023-.*fraction of equity",
    ),
    "percent": (lambda frame: np.full(len(frame), 50.0), "gives 50 at row 0"),
    "words": (lambda frame: ["long"] * len(frame), "gives no numbers"),
    "nothing": (lambda _frame: None, r"shape \(\) for 10 ticks"),
}


@pytest.mark.parametrize(("decide", "said"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_refused_by_the_name_of_the_strategy(decide, said, make_frame):
    with pytest.raises(InputError, match=f"strategy 'wild' of tests.*{said}"):
        decide_columns("wild", Foreign(decide), make_frame(10, seed=0))


class Listening:
    every_bar, lookback = False, 1

    def on_tick(self, tick: Tick) -> float | None:
        return 0.5 if tick.variance == tick.variance else None


def test_what_is_no_strategy_is_refused_with_what_it_lacks():
    class Mute:
        every_bar, lookback = False, 1

    class Vague(Foreign):
        every_bar = "yes"

    with pytest.raises(RecipeError, match=r"strategy 'x' of tests has no method decide\(frame\)"):
        require_strategy("x", Mute())
    with pytest.raises(RecipeError, match="needs every_bar"):
        require_strategy("x", Vague())
    with pytest.raises(RecipeError, match="needs lookback, how many rows a weight depends on; it is 0"):
        require_strategy("x", Foreign(lookback=0))
    with pytest.raises(RecipeError, match=r"register newsvol\.strategies\.events\.as_columns"):
        require_strategy("x", Listening())
    strategy = as_columns(Listening())
    assert require_strategy("x", strategy) is strategy


class Writing(Foreign):
    """Counts its own price as known a moment before."""

    def decide(self, frame: DecisionFrame) -> np.ndarray:
        frame.close.flags.writeable = True
        frame.close[:-1] = frame.close[1:]
        return np.ones(len(frame))


@pytest.mark.parametrize("decide", [decide_columns, decide_live])
def test_a_strategy_cannot_write_into_what_others_read(make_frame, decide):
    frame = make_frame(10, seed=0).read_only()
    with pytest.raises(ValueError, match="read-only"):
        frame.close[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        frame.take(slice(0, 3)).variance[0] = 1.0
    with pytest.raises(InputError, match=r"strategy 'x' of tests writes into columns that others read too"):
        decide("x", Writing(), frame)
