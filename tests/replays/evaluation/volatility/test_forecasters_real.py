"""Real SPY tapes: the volatility floor is where it was measured to be. Commands: docs/volatility.md."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newsvol.engine.arrays import BoolArray, FloatArray
from newsvol.replays.evaluation.statistics import diebold_mariano
from newsvol.replays.tapes.importing import ImportRequest, import_tape
from newsvol.replays.tapes.schedules import load_schedule, us_events
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.history import VolHistory, measure_history
from newsvol.signals.volatility.intervals import IntervalConfig, measure_coverage
from newsvol.signals.volatility.losses import forecast_losses, qlike

pytestmark = pytest.mark.real
TEST_BUCKETS = 669


def history_of(file: Path) -> VolHistory:
    tape = import_tape(ImportRequest(bars=(file,))).tape
    return measure_history(tape.bars, tape.sessions)


@pytest.fixture(scope="module")
def minutes(data_dir: Path) -> VolHistory:
    return history_of(data_dir / "bars/spy_1min_2024-02-20_2025-04-11.parquet")


@pytest.fixture(scope="module")
def hours(data_dir: Path) -> VolHistory:
    return history_of(data_dir / "bars/hourly/lean_spy_hour.zip")


def forecast(history: VolHistory, name: str, **settings: object) -> FloatArray:
    return FORECASTERS.factory(name)(**settings).forecast(history)


def against(history: VolHistory, rows: BoolArray, new: FloatArray, old: FloatArray) -> tuple[float, float]:
    """Return by how much `new` lowers QLIKE, as a share, and its t."""
    realized = history.measures.rv[rows]
    before, after = qlike(realized, old[rows]), qlike(realized, new[rows])
    return 1 - after.mean() / before.mean(), diebold_mariano(before, after, 35).t


def last_third(history: VolHistory) -> BoolArray:
    return np.arange(len(history.measures.rv)) >= len(history.measures.rv) - TEST_BUCKETS


def test_on_minutes_the_full_regression_beats_raw_har_and_the_ewma(minutes: VolHistory) -> None:
    rows = last_third(minutes)
    full = forecast(minutes, "log-har-p-full")
    share, t = against(minutes, rows, full, forecast(minutes, "har"))
    assert share > 0.32
    assert t > 4
    share, t = against(minutes, rows, full, forecast(minutes, "diurnal-ewma"))
    assert share > 0.42
    assert t > 4
    losses = forecast_losses(minutes.measures.rv[rows], full[rows])
    assert losses["qlike"] == pytest.approx(0.1766, abs=0.001)
    assert losses["r2_vol"] > 0.70


def test_on_minutes_scheduled_events_pay(minutes: VolHistory) -> None:
    schedule = load_schedule(us_events())
    rows = last_third(minutes)
    with_events = forecast(minutes, "log-har-p-events", schedule=schedule)
    assert forecast_losses(minutes.measures.rv[rows], with_events[rows])["qlike"] < 0.16
    share, t = against(minutes, rows, with_events, forecast(minutes, "har"))
    assert share > 0.40
    assert t > 4


def test_on_hours_the_blend_beats_raw_har_in_every_year(hours: VolHistory) -> None:
    assert hours.proxy == "gk"
    year = pd.DatetimeIndex(hours.buckets.open_ns).year.to_numpy()
    blend, raw = forecast(hours, "har-blend"), forecast(hours, "har", window=1000)
    rows = (year >= 2006) & (hours.measures.rv > 0)
    share, t = against(hours, rows, blend, raw)
    assert share > 0.22
    assert t > 5
    for one in range(2006, 2022):
        share, _ = against(hours, rows & (year == one), blend, raw)
        assert share > 0, one


@pytest.mark.parametrize("name", ["log-har-p", "log-har-p-full", "har-blend"])
def test_bands_of_nine_in_ten_hold_that_often_at_every_time_of_day(
    minutes: VolHistory, hours: VolHistory, name: str
) -> None:
    for history in (minutes, hours):
        variance = forecast(history, name)
        # in the first weeks the errors of the whole day stand in, and say nothing of a time of day
        usable = np.isfinite(variance) & (history.measures.rv > 0)
        own = np.zeros(len(variance), dtype=np.bool_)
        for slot in range(history.buckets.n_slots):
            rows = np.flatnonzero(usable & (history.buckets.slot == slot))
            own[rows[IntervalConfig().min_rows :]] = True
        found = measure_coverage(history, variance, own)
        assert found is not None
        assert all(0.88 < share < 0.92 for share in found.by_slot)
        whole = measure_coverage(history, variance, usable)
        assert whole is not None
        assert 0.89 < whole.held < 0.91
        assert whole.buckets == usable.sum() - IntervalConfig().min_rows
