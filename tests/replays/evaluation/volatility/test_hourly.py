"""A tape of hourly bars is evaluated as it is: each bar a bucket, measured by its range."""

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_HOUR, FloatArray
from newsvol.engine.frames import BarFrame
from newsvol.replays.audit.perturbation import perturb
from newsvol.replays.evaluation.volatility.evaluation import Request, evaluate
from newsvol.replays.evaluation.volatility.sweep import Grid, sweep
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.buckets import cut_sessions

ASKED = Request(forecasters=("log-har-p",), shuffles=3)


@pytest.fixture(scope="module")
def hourly(planted: tuple[Tape, FloatArray]) -> Tape:
    """The planted market, its minutes gathered into one bar a bucket."""
    tape, bars = planted[0], planted[0].bars
    buckets = cut_sessions(tape.sessions)
    first = np.searchsorted(bars.open_ns, buckets.open_ns)
    last = np.append(first[1:], len(bars)) - 1
    gathered = BarFrame(
        open_ns=buckets.open_ns,
        close_ns=buckets.close_ns,
        open=bars.open[first],
        high=np.maximum.reduceat(bars.high, first),
        low=np.minimum.reduceat(bars.low, first),
        close=bars.close[last],
        volume=np.add.reduceat(bars.volume, first),
    )
    return Tape(gathered, tape.news, tape.sessions, tape.info)


def test_the_target_is_the_range_and_the_order_of_models_is_that_of_minutes(
    hourly: Tape, planted: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    found = evaluate(hourly, recipe, planted[1], ASKED)
    content = found.as_json()
    assert content["target"] == "gk"
    assert content["span"]["of_buckets"] == len(found.history.buckets) // 3
    # one range tells far less of an hour than sixty returns do
    assert content["noise_floor_qlike"] > 0.1
    models = found.board.models
    assert models["fused:log_linear"].qlike < models["log-har-p"].qlike < models["har"].qlike


def test_an_hourly_sweep_does_not_see_the_test_span(
    hourly: Tape, planted: tuple[Tape, FloatArray], recipe: Recipe
) -> None:
    grid = Grid((400, 1000), (100.0,), ((1.0, 4.0),))
    result = sweep(hourly, recipe, planted[1], grid=grid)
    begins_ns = int(hourly.bars.open_ns[result.span.first])
    assert begins_ns % NS_PER_HOUR == NS_PER_HOUR // 2
    changed, probs = perturb(hourly, planted[1], begins_ns, "redraw", np.random.default_rng(4))
    again = sweep(changed, recipe, probs, grid=grid)
    assert again.trials == result.trials
    assert again.test != result.test
