"""A tape of hours runs like one of minutes: replayed, audited, its buckets its bars."""

from pathlib import Path

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_HOUR, NS_PER_MINUTE, FloatArray
from newsvol.engine.frames import BarFrame
from newsvol.replays.audit.audit import Request, audit
from newsvol.replays.replay import replay
from newsvol.replays.simulation.recipe import Recipe, parse_recipe
from newsvol.replays.tapes.synth import Market, perfect_reading, synthesize
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.history import measure_history


@pytest.fixture(scope="module")
def hourly() -> tuple[Tape, FloatArray]:
    """A planted market's minutes put together as LEAN does: half an hour, then clock hours."""
    tape, truth = synthesize(Market(sessions=150, headlines=60))
    bars = tape.bars
    session = np.searchsorted(tape.sessions.open_ns, bars.open_ns, side="right") - 1
    since = bars.open_ns - tape.sessions.open_ns[session] + 30 * NS_PER_MINUTE
    hour = session * 24 + since // NS_PER_HOUR
    begin = np.flatnonzero(np.diff(hour, prepend=-1))
    end = np.append(begin[1:], len(bars)) - 1
    coarse = BarFrame(
        bars.open_ns[begin],
        bars.close_ns[end],
        bars.open[begin],
        np.maximum.reduceat(bars.high, begin),
        np.minimum.reduceat(bars.low, begin),
        bars.close[end],
        np.add.reduceat(bars.volume, begin),
    )
    return Tape(coarse, tape.news, tape.sessions, tape.info), perfect_reading(truth)


def recipe_for(recipe: Recipe, forecaster: str) -> Recipe:
    volatility = {"forecaster": forecaster, "min_window": 200, "window": 600}
    return parse_recipe({**recipe.model_dump(), "volatility": volatility}, "test")


def test_buckets_are_the_bars(hourly: tuple[Tape, FloatArray]) -> None:
    tape, _ = hourly
    history = measure_history(tape.bars, tape.sessions)
    assert history.proxy == "gk"
    assert np.array_equal(history.buckets.close_ns, tape.bars.close_ns)


@pytest.mark.parametrize("forecaster", ["har", "log-har-p-full", "har-blend"])
def test_nothing_decided_by_t_changes_when_everything_after_t_does(
    hourly: tuple[Tape, FloatArray], recipe: Recipe, forecaster: str
) -> None:
    content = recipe_for(recipe, forecaster).model_dump()
    assert [str(one) for one in audit(hourly[0], Request(content, moments=12)).findings] == []


def test_a_replay_gives_a_whole_run(hourly: tuple[Tape, FloatArray], recipe: Recipe, tmp_path: Path) -> None:
    tape, _ = hourly
    alone = Tape(tape.bars, tape.news.take(slice(0, 0)), tape.sessions, tape.info)
    metrics = replay(alone, recipe_for(recipe, "log-har-p-full"), tmp_path / "run").metrics
    losses = {name: score.qlike for name, score in metrics.forecast.models.items()}
    assert losses["log-har-p-full"] < losses["last-bucket"]
    assert metrics.strategies["vol_target"].fills["bridge"].orders > 0


@pytest.mark.parametrize("forecaster", ["har-j", "har-cj"])
def test_jumps_cannot_be_told_from_one_bar(
    hourly: tuple[Tape, FloatArray], recipe: Recipe, tmp_path: Path, forecaster: str
) -> None:
    tape, _ = hourly
    alone = Tape(tape.bars, tape.news.take(slice(0, 0)), tape.sessions, tape.info)
    with pytest.raises(ValueError, match="HAR column 'jump' needs several bars in a bucket"):
        replay(alone, recipe_for(recipe, forecaster), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []
