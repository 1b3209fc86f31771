"""What a pass says, in this process: live as columns, and asked again."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from newsvol.engine.arrays import FloatArray
from newsvol.replays.audit.observation import Observation, Series, differences
from newsvol.replays.audit.passes import MAX_ROWS_HANDED, Passes, fills_of
from newsvol.replays.simulation.recipe import Recipe, load_recipe
from newsvol.replays.tapes.calendar import trading_year
from newsvol.replays.tapes.tape import Tape
from newsvol.strategies.protocol import STRATEGIES

SHORT: dict[str, Any] = {
    "volatility.window": 300,
    "volatility.min_window": 60,
    "latency.model": "constant:250",
}
NAMES = ["vol_target", "news_tilt", "breakout"]


@pytest.fixture(scope="module")
def small(planted: tuple[Tape, FloatArray]) -> tuple[Tape, FloatArray]:
    """The first 63 sessions of the planted market, and the sentiment of their headlines."""
    tape = planted[0].until(planted[0].days()[0] + timedelta(days=92))
    return tape, planted[1][: len(tape.news)]


def passes_of(small: tuple[Tape, FloatArray], recipe: Recipe) -> Passes:
    tape, probs = small
    return Passes(tape, recipe, probs, trading_year(tape.info.calendar, tape.sessions).hours)


def recipe_of(*names: str, **changes: Any) -> Recipe:
    return load_recipe(changes={**SHORT, "strategies": [{"name": name} for name in names], **changes})


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """Three strategies, one of them at every bar."""
    return recipe_of(*NAMES)


@pytest.fixture(scope="module")
def told() -> list[tuple[int, int]]:
    """What the live pass told of its progress."""
    return []


@pytest.fixture(scope="module")
def live(small: tuple[Tape, FloatArray], recipe: Recipe, told: list[tuple[int, int]]) -> Observation:
    """What the live pass says."""
    return passes_of(small, recipe).live(lambda done, total: told.append((done, total)))


@pytest.fixture(scope="module")
def columns(small: tuple[Tape, FloatArray], recipe: Recipe, live: Observation) -> Observation:
    """What the columns say, strategies asked about the live forecasts."""
    return passes_of(small, recipe).columns(live)


@pytest.fixture(scope="module")
def own(small: tuple[Tape, FloatArray], recipe: Recipe) -> Observation:
    """What the columns say by themselves."""
    return passes_of(small, recipe).columns(None)


def keys(observation: Observation) -> set[tuple[str, str]]:
    return {one.key for one in observation.series}


def test_live_and_columns_say_the_same_of_the_same_things(live: Observation, columns: Observation) -> None:
    assert differences(live, columns) == []
    assert keys(live) == keys(columns)
    strategies = ["vol_target", "news_tilt", "breakout", "buy_and_hold", "vol_target_naive"]
    assert keys(live) == {
        ("forecaster log-har-p", "variance"),
        ("forecaster diurnal-ewma beside", "variance"),
        ("fused forecast", "variance"),
        ("news", "tone"),
        ("history", "diurnal"),
        ("history", "night share"),
        *((f"strategy {name}", column) for name in strategies for column in ("weight", "order")),
    }
    assert all(one.exact for one in live.series)
    assert np.isfinite(live.of("fused forecast", "variance").values).sum() > 100
    for name in strategies:
        assert (
            0
            < live.of(f"strategy {name}", "order").values.sum()
            < len(live.of(f"strategy {name}", "order").values)
        )


def test_a_live_pass_tells_how_far_it_is_and_what_it_asked(
    live: Observation, told: list[tuple[int, int]]
) -> None:
    total = told[0][1]
    assert told == [(row, total) for row in range(total)]
    facts = live.facts["strategy breakout"]
    assert facts["rows"] == facts["of"] == len(live.of("strategy breakout", "weight").values)
    assert facts["lookback"] == 1
    assert facts["of"] > 20_000, "one at every bar"
    assert live.facts["strategy vol_target"]["of"] == total


def test_columns_of_their_own_say_what_was_measured_and_handed_over_too(
    own: Observation, columns: Observation
) -> None:
    beside = keys(own) - keys(columns)
    assert ("history", "rv") in beside
    assert ("history", "covered") in beside
    handed = {part for part, _ in beside} - {"history"}
    assert handed == {"frame", "frame of every bar"}
    assert {column for part, column in beside if part == "frame"} >= {
        "variance",
        "close",
        "tone",
        "annual_vol",
    }
    assert differences(own, columns) == []


def test_what_is_known_is_stamped_with_when(
    small: tuple[Tape, FloatArray], live: Observation, own: Observation
) -> None:
    tape, _ = small
    forecast, measured = own.of("forecaster log-har-p", "variance"), own.of("history", "rv")
    np.testing.assert_array_equal(own.of("history", "diurnal").known_ns, forecast.known_ns)
    assert (measured.known_ns > forecast.known_ns).all()
    assert measured.known_ns[-1] == tape.sessions.close_ns[-1]
    fused = live.of("fused forecast", "variance")
    assert (np.diff(fused.known_ns) >= 0).all()
    # a quarter of a second is charged: what is decided on a forecast comes after it
    assert set(fused.known_ns.tolist()) >= set(live.of("strategy vol_target", "weight").known_ns.tolist())
    assert fused.known_ns[0] == tape.sessions.open_ns[0] + 250_000_000


@pytest.mark.parametrize("name", ["vol_target", "breakout"])
def test_a_strategy_that_is_asked_again_says_the_same(
    small: tuple[Tape, FloatArray], recipe: Recipe, live: Observation, name: str
) -> None:
    weights = live.of(f"strategy {name}", "weight").values
    row = int(np.flatnonzero(np.isfinite(weights) & (weights != 0))[-3])
    answer = passes_of(small, recipe).ask_again(live, f"strategy {name}", row)
    assert answer == {"short": weights[row], "whole": weights[row]}


@pytest.mark.parametrize("row", [300, 400])
def test_a_forecaster_that_is_asked_again_is_given_its_past(
    small: tuple[Tape, FloatArray], recipe: Recipe, live: Observation, row: int
) -> None:
    said = live.of("forecaster log-har-p", "variance").values[row]
    assert np.isfinite(said)
    answer = passes_of(small, recipe).ask_again(live, "forecaster log-har-p", row)
    assert answer == {"short": said, "own_step": 1.0}


def test_what_is_not_there_cannot_be_asked(
    small: tuple[Tape, FloatArray], recipe: Recipe, live: Observation
) -> None:
    with pytest.raises(KeyError, match="strategy nobody"):
        passes_of(small, recipe).ask_again(live, "strategy nobody", 3)


class Wants:
    """Wants a long past at every bar, and goes by its own close alone."""

    every_bar = True
    lookback = 10**9

    def decide(self, frame: Any) -> FloatArray:
        """Hold half where there is a forecast."""
        return np.where(np.isfinite(frame.variance), 0.5, np.nan)


def test_rows_that_would_take_too_long_are_left_out_evenly(small: tuple[Tape, FloatArray]) -> None:
    with STRATEGIES.lend("wants", Wants):
        recipe = recipe_of("wants")
        live = passes_of(small, recipe).live(lambda _done, _total: None)
        columns = passes_of(small, recipe).columns(live)
    facts = live.facts["strategy wants"]
    assert facts["of"] ** 2 > MAX_ROWS_HANDED
    assert facts["rows"] == MAX_ROWS_HANDED // facts["of"]
    weights = live.of("strategy wants", "weight")
    assert len(weights.values) == facts["rows"]
    apart = np.diff(weights.known_ns[-200:-100])
    assert np.median(apart) < 1.6e9 * 60 * facts["of"] / facts["rows"]
    assert ("strategy wants", "order") not in keys(live), "orders come of all rows or none"
    assert differences(live, columns) == []
    assert not weights.exact


def test_fills_come_after_the_orders_and_at_prices_of_their_bars(
    small: tuple[Tape, FloatArray], recipe: Recipe, live: Observation
) -> None:
    tape, _ = small
    weights = live.of("strategy vol_target", "weight")
    price, time = fills_of(tape, recipe, weights)
    assert price.key == ("strategy vol_target", "fill price")
    assert time.key == ("strategy vol_target", "fill time")
    assert len(price.values) == live.of("strategy vol_target", "order").values.sum()
    np.testing.assert_array_equal(time.values, price.known_ns.astype(np.float64))
    bar = np.searchsorted(tape.bars.close_ns, price.known_ns, side="left")
    assert (price.values <= tape.bars.high[bar] + 1e-9).all()
    assert (price.values >= tape.bars.low[bar] - 1e-9).all()


def test_an_order_is_a_purchase_or_a_sale_by_the_last_price_before_it(small: tuple[Tape, FloatArray]) -> None:
    """A weight that rises by less than the holding grew by itself is a sale."""
    tape, _ = small
    close = tape.bars.close[1_000:-500]
    low, high = 1_000 + int(close.argmin()), 1_000 + int(close.argmax())
    first, second = sorted((low, high))
    grown = tape.bars.close[second] / tape.bars.close[first]
    drifted = 0.5 * grown / (0.5 * grown + 0.5)
    recipe = recipe_of("vol_target", fill="worst", rebalance_band=0.0)
    for share, sells in ((0.3, high > low), (1.7, high < low)):
        stamps = tape.bars.close_ns[[first, second]] + 1
        wanted = np.array([0.5, 0.5 + share * (drifted - 0.5)])
        weights = Series("strategy x", "weight", stamps, wanted, exact=False)
        price, time = fills_of(tape, recipe, weights)
        bar = int(np.searchsorted(tape.bars.close_ns, time.known_ns[1]))
        assert price.values[1] == (tape.bars.low if sells else tape.bars.high)[bar]
