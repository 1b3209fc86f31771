"""The naive forecasts, by hand."""

import numpy as np
import pytest

from newsvol.signals.volatility.naive import (
    EWMA_DECAY,
    DiurnalEwma,
    DiurnalMean,
    LastBucket,
    SameBucketYesterday,
    last_known,
)

NAN = np.nan


def test_the_last_known_value_is_that_of_a_row_before():
    assert np.array_equal(
        last_known(np.array([NAN, 1, NAN, NAN, 3, 4])), [NAN, NAN, 1, 1, 1, 3], equal_nan=True
    )
    assert len(last_known(np.empty(0))) == 0


def test_the_last_bucket_goes_on(plain_history):
    forecast = LastBucket().forecast(plain_history([1, 2, NAN, 4, 5, 6], slots=3))
    assert np.array_equal(forecast, [NAN, 1, 2, 2, 4, 5], equal_nan=True)


def test_the_last_bucket_is_halved_for_a_half_hour(make_history):
    history = make_history(2)
    forecast = LastBucket().forecast(history)
    assert forecast[6] == pytest.approx(history.measures.rv[5] / 2)
    assert forecast[7] == pytest.approx(history.measures.rv[6] * 2)


def test_yesterday_is_the_last_session_that_had_the_bucket(plain_history):
    forecast = SameBucketYesterday().forecast(plain_history([1, 2, 3, 4, NAN, 6, 7, 8, 9], slots=3))
    assert np.array_equal(forecast, [NAN, NAN, NAN, 1, 2, 3, 4, 2, 6], equal_nan=True)


def test_yesterday_skips_a_half_day_for_the_buckets_it_lacks(make_history):
    history = make_history(3, half_days=[1])
    forecast = SameBucketYesterday().forecast(history)
    rv, buckets = history.measures.rv, history.buckets
    # rows 0-6 are the first session, 7-10 the half-day (its last bucket half an hour), 11-17 the third
    assert buckets.session.tolist() == [0] * 7 + [1] * 4 + [2] * 7
    assert forecast[11:14] == pytest.approx(rv[7:10])
    assert forecast[14] == pytest.approx(rv[10] * 2)
    assert forecast[15:18] == pytest.approx(rv[4:7])


def test_the_diurnal_forecast_is_the_mean_of_z_times_the_curve(plain_history):
    curve = [1.5, 0.5, 1.5, 0.5, 1.5, 0.5]
    forecast = DiurnalMean().forecast(plain_history([3, 2, NAN, 3, 6, 1], slots=2, diurnal=curve))
    # z is 2, 4, missing, 6, 4, 2
    assert np.array_equal(forecast, [NAN, 1, 4.5, 1.5, 6, 2], equal_nan=True)


def test_the_diurnal_mean_forgets_sessions_beyond_its_window(plain_history):
    history = plain_history([100, 100, 1, 3, 5, 7], slots=2)
    assert DiurnalMean(sessions=1).forecast(history)[2:].tolist() == [100, 50.5, 2, 4]


def test_the_weighted_mean_starts_at_the_first_z_and_skips_missing_ones(plain_history):
    forecast = DiurnalEwma(decay=0.75).forecast(plain_history([NAN, 4, 8, NAN, 0, 1], slots=3))
    assert forecast[:2].tolist() == pytest.approx([NAN, NAN], nan_ok=True)
    assert forecast[2:].tolist() == pytest.approx([4, 5, 5, 3.75])


def test_the_weighted_mean_decays_as_riskmetrics_does(plain_history):
    z = np.random.default_rng(0).exponential(1, 60)
    level = z[0]
    expected = []
    for value in z[1:]:
        expected.append(level)
        level = EWMA_DECAY * level + (1 - EWMA_DECAY) * value
    assert DiurnalEwma().forecast(plain_history(z, slots=3))[1:] == pytest.approx(expected)


@pytest.mark.parametrize("forecaster", [LastBucket(), SameBucketYesterday(), DiurnalMean(), DiurnalEwma()])
def test_nothing_measured_forecasts_nothing(plain_history, forecaster):
    assert np.isnan(forecaster.forecast(plain_history([NAN] * 6, slots=3))).all()
