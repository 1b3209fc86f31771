"""Bands: as often right as they say, at every time of day, and known ahead."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.errors import InputError
from newsvol.signals.volatility.intervals import (
    IntervalConfig,
    forecast_intervals,
    measure_coverage,
)


def test_bands_hold_nine_in_ten_at_every_time_of_day(plain_history):
    rng = np.random.default_rng(0)
    n = 7 * 2000
    # noisier at the open, and noisier every day: no single quantile fits
    noise = rng.normal(0, 1, n) * (1 + (np.arange(n) % 7 == 0)) * np.linspace(0.3, 1.5, n)
    history = plain_history(np.exp(noise).tolist(), 7)
    bands = forecast_intervals(history, np.ones(n))
    found = measure_coverage(history, np.ones(n), np.ones(n, dtype=np.bool_))
    assert found is not None
    assert np.all(np.abs(np.array(found.by_slot) - 0.9) < 0.01)
    held = bands.holds(history.measures.rv)
    known = np.isfinite(bands.lower)
    assert held[known].mean() == pytest.approx(0.9, abs=0.005)
    below = np.mean(history.measures.rv[known] < bands.lower[known])
    assert below == pytest.approx(0.05, abs=0.005)


def test_a_sudden_doubling_of_the_error_is_made_up_for(plain_history):
    rng = np.random.default_rng(1)
    n = 7 * 600
    noise = rng.normal(0, 0.3, n) * np.where(np.arange(n) < n // 2, 1.0, 3.0)
    history = plain_history(np.exp(noise).tolist(), 7)
    late = slice(n // 2, n)
    moved, fixed = (
        np.nanmean(
            forecast_intervals(history, np.ones(n), IntervalConfig(rate=rate)).holds(history.measures.rv)[
                late
            ]
        )
        for rate in (0.1, 0.0)
    )
    assert abs(moved - 0.9) < 0.02 < abs(fixed - 0.9)


@given(st.integers(0, 2**16), st.integers(0, 299))
def test_a_band_knows_only_the_rows_before_it(plain_history, seed, row):
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(0, 1, 300))
    other = values.copy()
    other[row:] = np.exp(rng.normal(0, 3, 300 - row))
    config = IntervalConfig(min_rows=5)
    first, again = (
        forecast_intervals(plain_history(v.tolist(), 3), np.ones(300), config) for v in (values, other)
    )
    assert np.array_equal(first.lower[: row + 1], again.lower[: row + 1], equal_nan=True)
    assert np.array_equal(first.upper[: row + 1], again.upper[: row + 1], equal_nan=True)


@given(st.integers(0, 2**16), st.sampled_from([0.5, 0.8, 0.9]), st.sampled_from([0.0, 0.1]))
def test_a_band_is_ordered_and_positive(plain_history, seed, coverage, rate):
    # heavy tails, but no variance whose square is beyond a float
    values = np.exp(np.clip(np.random.default_rng(seed).standard_t(2, 200), -50.0, 50.0))
    config = IntervalConfig(coverage, 50, 10, rate)
    bands = forecast_intervals(plain_history(values.tolist(), 2), np.full(200, 0.5), config)
    known = np.isfinite(bands.lower)
    assert known.any()
    assert np.all(bands.lower[known] <= bands.upper[known])
    assert np.all(bands.lower[known] > 0)


def test_in_the_first_weeks_errors_of_the_whole_day_stand_in(plain_history):
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 0.6, 7 * 400)
    history = plain_history(np.exp(noise).tolist(), 7)
    bands = forecast_intervals(history, np.ones(len(noise)))
    known = np.isfinite(bands.lower)
    assert not known[:20].any()
    assert known[20:].all()
    # twenty errors of each of seven times of day: until then those of all
    held = [
        forecast_intervals(plain_history(np.exp(rng.normal(0, 0.6, 140)).tolist(), 7), np.ones(140)).holds(
            np.exp(rng.normal(0, 0.6, 140))
        )[40:]
        for _ in range(40)
    ]
    assert np.mean(held) == pytest.approx(0.9, abs=0.03)


def test_coverage_is_the_share_that_was_held_and_how_wide_the_bands_were(plain_history):
    rng = np.random.default_rng(4)
    values = np.exp(rng.normal(0, 0.5, 7 * 300))
    history = plain_history(values.tolist(), 7)
    rows = np.arange(len(values)) >= 700
    found = measure_coverage(history, np.ones(len(values)), rows)
    bands = forecast_intervals(history, np.ones(len(values)))
    assert found is not None
    inside = (values >= bands.lower) & (values <= bands.upper)
    assert (found.asked, found.buckets) == (0.9, 1400)
    assert found.held == pytest.approx(inside[700:].mean())
    assert found.by_slot == pytest.approx([inside[700:][slot::7].mean() for slot in range(7)])
    assert found.below == pytest.approx(np.median(bands.lower[700:]))
    assert found.above == pytest.approx(np.median(bands.upper[700:]))
    assert measure_coverage(history, np.full(len(values), np.nan), rows) is None


def test_rows_without_forecast_or_measure_are_skipped(plain_history):
    values = np.exp(np.random.default_rng(2).normal(0, 1, 300))
    values[[40, 41]] = np.nan
    variance = np.ones(300)
    variance[60] = np.nan
    bands = forecast_intervals(plain_history(values.tolist(), 3), variance, IntervalConfig(min_rows=5))
    assert np.isnan(bands.lower[60])
    assert np.isfinite(bands.lower[61:]).all()
    assert np.isnan(bands.holds(values)[40])


@pytest.mark.parametrize("wrong", [{"coverage": 1.0}, {"min_rows": 1}, {"window": 5}, {"rate": -0.1}])
def test_settings_that_make_no_band_are_refused(wrong):
    with pytest.raises(InputError, match="intervals need"):
        IntervalConfig(**wrong)


def test_no_rows_have_no_band(make_history):
    history = make_history(12)
    empty = forecast_intervals(history, np.full(len(history.buckets), np.nan))
    assert np.isnan(empty.lower).all()
    nothing = np.full(len(history.buckets), np.nan)
    assert measure_coverage(history, nothing, np.ones(len(nothing), dtype=np.bool_)) is None
