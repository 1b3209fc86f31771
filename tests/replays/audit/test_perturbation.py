"""Another future is another one, still a market, and nothing that was known is touched."""

from typing import Any

import numpy as np
import pytest

from newsvol.engine.arrays import FloatArray
from newsvol.replays.audit.perturbation import (
    PERTURBATIONS,
    WHATS,
    YEARS,
    YEARS_NS,
    Perturbation,
    What,
    move_years,
    perturb,
)
from newsvol.replays.tapes.tape import Tape

every_way = pytest.mark.parametrize("how", PERTURBATIONS)
of_everything = pytest.mark.parametrize("what", WHATS)


def changed_at_half(
    planted: tuple[Tape, FloatArray], how: Perturbation, what: What, row: int | None = None
) -> tuple[int, Tape, FloatArray]:
    tape, probs = planted
    moment_ns = int(tape.bars.close_ns[len(tape.bars) // 2 if row is None else row])
    return moment_ns, *perturb(tape, probs, moment_ns, how, np.random.default_rng(0), what)


def rows_known(frame: Any, stamps: Any, moment_ns: int) -> Any:
    return frame.take(stamps <= moment_ns)


@every_way
@of_everything
def test_a_changed_future_leaves_the_past_as_it_was(
    planted: tuple[Tape, FloatArray], how: Perturbation, what: What
) -> None:
    tape, probs = planted
    moment_ns, changed, changed_probs = changed_at_half(planted, how, what)
    for old, new, stamp in ((tape.bars, changed.bars, "close_ns"), (tape.news, changed.news, "available_ns")):
        before = rows_known(old, getattr(old, stamp), moment_ns)
        after = rows_known(new, getattr(new, stamp), moment_ns)
        for column in vars(before):
            assert np.array_equal(getattr(before, column), getattr(after, column))
    known = int((tape.news.available_ns <= moment_ns).sum())
    np.testing.assert_array_equal(changed_probs[:known], probs[:known])
    np.testing.assert_array_equal(changed.sessions.open_ns, tape.sessions.open_ns)


@every_way
@of_everything
def test_what_is_named_is_changed_and_the_rest_is_not(
    planted: tuple[Tape, FloatArray], how: Perturbation, what: What
) -> None:
    tape, probs = planted
    moment_ns, changed, changed_probs = changed_at_half(planted, how, what)
    same_bars = len(changed.bars) == len(tape.bars) and all(
        np.array_equal(getattr(changed.bars, name), getattr(tape.bars, name))
        for name in ("close", "close_ns")
    )
    same_news = (
        len(changed.news) == len(tape.news)
        and np.array_equal(changed.news.available_ns, tape.news.available_ns)
        and np.array_equal(changed_probs, probs)
    )
    assert same_bars == (what == "news")
    assert same_news == (what == "bars")
    assert moment_ns < int(tape.bars.close_ns[-1])


def test_bars_that_are_redrawn_are_still_bars(planted: tuple[Tape, FloatArray]) -> None:
    tape, probs = planted
    moment_ns, changed, changed_probs = changed_at_half(planted, "redraw", "bars and news")
    later = tape.bars.close_ns > moment_ns
    assert not np.isclose(changed.bars.close[later], tape.bars.close[later], rtol=1e-9).any()
    assert (changed.bars.high >= np.maximum(changed.bars.open, changed.bars.close)).all()
    assert (changed.bars.low <= np.minimum(changed.bars.open, changed.bars.close)).all()
    drawn = changed.bars.take(later)
    # a range of their own: what is measured of highs and lows must change with them
    assert (drawn.high > np.maximum(drawn.open, drawn.close)).all()
    assert (drawn.low < np.minimum(drawn.open, drawn.close)).all()
    assert np.log(drawn.high / drawn.low).max() < 0.02
    assert np.ptp(drawn.high / np.maximum(drawn.open, drawn.close)) < 1e-12  # in proportion to the price
    assert np.ptp(drawn.low / np.minimum(drawn.open, drawn.close)) < 1e-12
    np.testing.assert_array_equal(drawn.open[1:], drawn.close[:-1])
    assert drawn.open[0] == tape.bars.close[~later][-1]
    np.testing.assert_allclose(changed_probs.sum(axis=1), 1)
    assert not np.array_equal(changed_probs, probs)


def test_the_times_of_headlines_and_bars_move_and_none_comes_to_the_moment_or_before(
    planted: tuple[Tape, FloatArray],
) -> None:
    tape, _ = planted
    moment_ns, changed, _ = changed_at_half(planted, "shift", "bars and news")
    later = tape.news.available_ns > moment_ns
    moved = changed.news.available_ns[later]
    assert (moved > moment_ns).all()
    assert (np.diff(moved) >= 0).all()
    # time is stretched by one factor, and not by next to nothing
    stretch = (moved - moment_ns) / (tape.news.available_ns[later] - moment_ns)
    assert np.ptp(stretch) < 1e-9
    assert 0.05 <= stretch[-1] <= 2.0
    assert abs(stretch[-1] - 1.0) > 1e-3
    bars = tape.bars.close_ns > moment_ns
    assert len({*(changed.bars.close_ns - tape.bars.close_ns)[bars].tolist()}) == 1
    assert (changed.bars.close_ns[bars] > moment_ns).all()


@every_way
def test_after_the_last_bar_there_is_nothing_to_change(
    planted: tuple[Tape, FloatArray], how: Perturbation
) -> None:
    tape, _ = planted
    _, changed, _ = changed_at_half(planted, how, "bars", row=len(tape.bars) - 1)
    assert np.array_equal(changed.bars.close, tape.bars.close)


def test_every_day_keeps_its_place_in_the_week_and_in_the_year(planted: tuple[Tape, FloatArray]) -> None:
    tape, _ = planted
    moved = move_years(tape)
    before = tape.sessions.open_ns.astype("datetime64[ns]").astype("datetime64[D]")
    after = moved.sessions.open_ns.astype("datetime64[ns]").astype("datetime64[D]")
    for old, new in zip(before.tolist(), after.tolist(), strict=True):
        assert (new.year, new.month, new.day) == (old.year + YEARS, old.month, old.day)
        assert new.weekday() == old.weekday()
    assert np.array_equal(moved.bars.close, tape.bars.close)
    for frame in ("bars", "news", "sessions"):
        for name, stamps in vars(getattr(tape, frame)).items():
            if name.endswith("_ns") and name != "resolution_ns":
                assert set((getattr(getattr(moved, frame), name) - stamps).tolist()) == {YEARS_NS}


def test_volumes_are_drawn_anew_or_taken_away(planted: tuple[Tape, FloatArray]) -> None:
    moment_ns, redrawn, _ = changed_at_half(planted, "redraw", "bars")
    _, blanked, _ = changed_at_half(planted, "blank", "bars")
    later = planted[0].bars.close_ns > moment_ns
    assert np.isfinite(redrawn.bars.volume).all()
    assert 1 <= redrawn.bars.volume[later].min() < 1_000
    assert 9e5 < redrawn.bars.volume[later].max() < 1e6
    assert (redrawn.bars.volume[later] != planted[0].bars.volume[later]).all()
    assert np.isnan(blanked.bars.volume[later]).all()
    assert np.isfinite(blanked.bars.volume[~later]).all()


def test_headlines_that_say_nothing_lean_nowhere(planted: tuple[Tape, FloatArray]) -> None:
    moment_ns, changed, probs = changed_at_half(planted, "blank", "news")
    later = changed.news.available_ns > moment_ns
    assert (probs[later] == 1 / 3).all()
