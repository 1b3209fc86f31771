"""What strategies look at: each row holds what was known at its tick, and nothing later."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from newsvol.engine.arrays import NS_PER_HOUR, NS_PER_MINUTE, FloatArray
from newsvol.engine.frames import BarFrame, DecisionFrame, SessionFrame
from newsvol.engine.ticks import TickFrame, TickKind
from newsvol.replays.simulation.decisions import ModelTicks, lay_out, target_buckets
from newsvol.signals.volatility.history import VolHistory, measure_history

QUARTER = NS_PER_HOUR // 4
SESSIONS = SessionFrame(np.array([0, 24 * NS_PER_HOUR]), np.array([2, 26]) * NS_PER_HOUR)


def quarters() -> BarFrame:
    """Eight bars of a quarter of an hour in each session; opens 10, 20, 30 ..., closes 11, 21, 31 ..."""
    open_ns = (SESSIONS.open_ns[:, None] + np.arange(8) * QUARTER).ravel()
    opened = 10.0 * np.arange(1, 17)
    return BarFrame(
        open_ns, open_ns + QUARTER, opened, opened + 2, opened - 1, opened + 1, np.full(16, 100.0)
    )


@pytest.fixture
def history() -> VolHistory:
    return measure_history(quarters(), SESSIONS)


def ticks_at(stamps: list[int], history: VolHistory, kind: TickKind, wait_ns: int = 0) -> ModelTicks:
    available = np.array(stamps, np.int64)
    kinds, items = np.full(len(stamps), kind), np.arange(len(stamps))
    bucket = target_buckets(TickFrame(available, kinds, items), history)
    ready = available + wait_ns
    return ModelTicks(available, kinds, items, bucket, available, ready, ready)


def laid_out(history: VolHistory, ticks: ModelTicks, every_bar: bool = False) -> DecisionFrame:
    variance: FloatArray = 1e-4 * np.arange(1.0, len(ticks) + 1)
    return lay_out(
        quarters(),
        SESSIONS,
        history,
        ticks,
        variance,
        np.zeros(len(ticks)),
        hours_per_year=1000.0,
        every_bar=every_bar,
    )


def test_a_tick_forecasts_the_bucket_that_runs_or_the_next_one(history: VolHistory) -> None:
    buckets = history.buckets
    stamps = [
        int(buckets.open_ns[0]),
        int(buckets.close_ns[0]) - 1,
        int(buckets.close_ns[0]),
        int(SESSIONS.close_ns[0]),
        int(buckets.close_ns[-1]),
    ]
    frame = TickFrame(np.array(stamps), np.full(5, TickKind.HEADLINE), np.arange(5))
    per_session = len(buckets) // 2
    assert target_buckets(frame, history).tolist() == [0, 0, 1, per_session, len(buckets) - 1]


def test_a_row_holds_the_last_bar_that_had_ended(history: VolHistory) -> None:
    stamps = [0, QUARTER - 1, QUARTER, 2 * NS_PER_HOUR, 23 * NS_PER_HOUR, 24 * NS_PER_HOUR + QUARTER]
    close = laid_out(history, ticks_at(stamps, history, TickKind.HEADLINE)).close
    assert np.isnan(close[:2]).all()
    assert close[2:].tolist() == [11, 81, 81, 91]


def test_minutes_run_down_to_the_close_and_there_are_none_at_night(history: VolHistory) -> None:
    stamps = [0, 90 * NS_PER_MINUTE, 2 * NS_PER_HOUR, 3 * NS_PER_HOUR, 24 * NS_PER_HOUR, 27 * NS_PER_HOUR]
    left = laid_out(history, ticks_at(stamps, history, TickKind.HEADLINE)).minutes_to_close
    assert left[[0, 1, 2, 4]].tolist() == [120, 30, 0, 120]
    assert np.isnan(left[[3, 5]]).all()


def test_a_session_is_anchored_at_its_own_open_once_its_first_bar_has_ended(history: VolHistory) -> None:
    second = int(SESSIONS.open_ns[1])
    stamps = [second, second + QUARTER - 1, second + QUARTER]
    frame = laid_out(history, ticks_at(stamps, history, TickKind.HEADLINE))
    assert frame.slot.tolist() == [0, 0, 0]
    assert frame.anchor.tolist() == [81, 81, 90]  # until then, all that is known is yesterday's close


def test_without_every_bar_there_is_a_row_a_tick(history: VolHistory) -> None:
    ticks = ticks_at([QUARTER, NS_PER_HOUR], history, TickKind.BUCKET_END)
    frame = laid_out(history, ticks)
    assert frame.tick_ns.tolist() == [QUARTER, NS_PER_HOUR]
    assert frame.variance.tolist() == [1e-4, 2e-4]


def test_a_bars_row_holds_the_last_forecast_that_was_ready_by_then(history: VolHistory) -> None:
    # forecasts are ready ten minutes after their ticks: the bar that ends at the tick has not seen its own
    ticks = ticks_at([QUARTER, NS_PER_HOUR], history, TickKind.HEADLINE, wait_ns=10 * NS_PER_MINUTE)
    frame = laid_out(history, ticks, every_bar=True)
    assert (np.diff(frame.ready_ns) >= 0).all()
    bars = frame.kind == TickKind.BAR
    # the first bar ends before any forecast is ready, and has no row
    assert frame.tick_ns[bars].tolist() == quarters().close_ns[1:].tolist()
    assert frame.variance[bars].tolist() == [*[1e-4] * 3, *[2e-4] * 12]
    assert frame.close[bars].tolist() == quarters().close[1:].tolist()


def test_a_variance_is_annualised_by_its_bucket_and_the_time_of_day(history: VolHistory) -> None:
    frame = laid_out(history, ticks_at([0], history, TickKind.SESSION_OPEN))
    per_hour = 1e-4 * 60 / history.minutes[0] / history.diurnal[0]
    assert frame.session_vol[0] == pytest.approx(np.sqrt(per_hour * 1000.0), nan_ok=True)


def test_the_volatility_of_the_whole_day_has_the_night_in_it(history: VolHistory) -> None:
    share = np.array([0.0, 0.44, np.nan, 0.0])
    nights = replace(history, diurnal=np.ones(4), night_share=share)
    frame = laid_out(nights, ticks_at([0, NS_PER_HOUR, 2 * NS_PER_HOUR], nights, TickKind.HEADLINE))
    assert np.isfinite(frame.session_vol).all()
    np.testing.assert_allclose(frame.annual_vol[:2], frame.session_vol[:2] * [1.0, 1.2])
    assert np.isnan(frame.annual_vol[2])  # no night is known, so neither is the day


def test_the_ticks_of_the_models_cannot_be_replaced(history: VolHistory) -> None:
    ticks = ticks_at([0], history, TickKind.SESSION_OPEN)
    with pytest.raises(FrozenInstanceError):
        ticks.forecast_ns = ticks.available_ns  # type: ignore[misc]
