"""Realized measures: the kernel is its plain twin, nights stay out, and no bar counts before it has ended."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured_markets import markets

from newsvol.engine.arrays import NS_PER_HOUR, NS_PER_MINUTE
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.signals.volatility.buckets import cut_sessions
from newsvol.signals.volatility.measures import RealizedMeasures, minutes_of, realized_measures

TEN = 10 * NS_PER_MINUTE
"""Buckets of ten minutes: what is silent for so long is no gap yet."""


def bars_of(open_minutes: list[int], closes: list[float], opens: list[float] | None = None) -> BarFrame:
    """Bars of one minute at minutes of a day that begins at stamp 0."""
    opening = np.array(closes if opens is None else opens, dtype=np.float64)
    closing = np.array(closes, dtype=np.float64)
    open_ns = np.array(open_minutes, dtype=np.int64) * NS_PER_MINUTE
    return BarFrame(
        open_ns,
        open_ns + NS_PER_MINUTE,
        opening,
        np.maximum(opening, closing),
        np.minimum(opening, closing),
        closing,
        np.ones(len(closing)),
    )


def hours(*spans: tuple[int, int]) -> SessionFrame:
    """Sessions from minute to minute."""
    table = np.array(spans, dtype=np.int64) * NS_PER_MINUTE
    return SessionFrame(table[:, 0], table[:, 1])


@given(markets())
def test_semivariances_sum_to_the_realized_variance(market):
    measures = realized_measures(market[0], cut_sessions(market[1]))
    np.testing.assert_allclose(measures.rs_up + measures.rs_down, measures.rv, rtol=1e-12)
    assert not np.any(measures.rs_up < 0)
    assert not np.any(measures.rs_down < 0)
    assert not np.any(measures.jump < 0)


@given(markets())
def test_bucket_returns_of_a_session_lead_from_its_first_open_to_its_last_close(market):
    bars, sessions = market
    buckets = cut_sessions(sessions)
    measures = realized_measures(bars, buckets)
    returns = measures.bucket_return
    torn = (measures.n_obs > 0) & np.isnan(returns)
    for row in range(len(sessions)):
        today = bars.take((bars.open_ns >= sessions.open_ns[row]) & (bars.close_ns <= sessions.close_ns[row]))
        if torn[buckets.session == row].any():
            continue
        whole = np.log(today.close[-1] / today.open[0]) if len(today) else 0.0
        assert np.nansum(returns[buckets.session == row]) == pytest.approx(whole, abs=1e-12)


@given(markets(), st.integers(0, 8), st.floats(0.1, 10))
def test_a_bucket_does_not_know_bars_that_end_after_it(market, last, factor):
    bars, sessions = market
    buckets = cut_sessions(sessions)
    last = min(last, len(buckets) - 1)
    future = bars.close_ns > buckets.close_ns[last]
    scale = np.where(future, factor, 1.0)
    other = replace(bars, **{name: getattr(bars, name) * scale for name in ("open", "high", "low", "close")})
    before, after = realized_measures(bars, buckets), realized_measures(other, buckets)
    for field in fields(RealizedMeasures):
        kept, again = getattr(before, field.name)[: last + 1], getattr(after, field.name)[: last + 1]
        assert np.array_equal(kept, again, equal_nan=True)


def test_the_first_return_of_a_session_starts_at_its_open():
    bars = bars_of([0, 1], closes=[101.0, 103.0], opens=[100.0, 102.0])
    measures = realized_measures(bars, cut_sessions(hours((0, 10)), TEN))
    first, second = np.log(101 / 100), np.log(103 / 101)
    assert measures.n_obs[0] == 2
    assert measures.rv[0] == pytest.approx(first**2 + second**2)
    assert measures.bv[0] == pytest.approx(np.pi / 2 * first * second * 2)
    assert measures.rq[0] == pytest.approx(2 / 3 * (first**4 + second**4))
    assert measures.bucket_return[0] == pytest.approx(np.log(103 / 100))


def test_the_night_is_no_part_of_any_measure(make_sessions, make_bars):
    sessions = make_sessions(4)
    bars, buckets = make_bars(sessions, seed=3), cut_sessions(sessions)
    day = np.searchsorted(sessions.open_ns, bars.open_ns, side="right") - 1
    jump = np.array([1.0, 3.0, 0.2, 50.0])[day]
    other = replace(bars, **{name: getattr(bars, name) * jump for name in ("open", "high", "low", "close")})
    before, after = realized_measures(bars, buckets), realized_measures(other, buckets)
    for field in fields(RealizedMeasures):
        np.testing.assert_allclose(
            getattr(after, field.name), getattr(before, field.name), rtol=1e-6, atol=1e-12
        )


def test_a_later_bucket_starts_from_the_close_before_it():
    bars = bars_of([9, 10], closes=[100.0, 110.0], opens=[100.0, 105.0])
    measures = realized_measures(bars, cut_sessions(hours((0, 20)), TEN))
    assert measures.rv[1] == pytest.approx(np.log(1.1) ** 2)
    assert measures.bucket_return[1] == pytest.approx(np.log(1.1))


def test_a_session_that_starts_with_an_empty_bucket_takes_in_no_night():
    bars = bars_of([9, 1012, 1013], closes=[100.0, 50.0, 51.0])
    measures = realized_measures(bars, cut_sessions(hours((0, 10), (1000, 1020)), TEN))
    assert measures.n_obs.tolist() == [1, 0, 2]
    assert measures.bucket_return[2] == pytest.approx(np.log(51 / 50))
    assert measures.rv[2] == pytest.approx(np.log(51 / 50) ** 2)


def test_bars_before_and_after_the_session_do_not_count():
    bars = bars_of([-30, 0, 70], closes=[50.0, 100.0, 200.0])
    measures = realized_measures(bars, cut_sessions(hours((0, 10), (100, 110)), TEN))
    assert measures.n_obs.tolist() == [1, 0]
    assert measures.rv[0] == 0.0
    assert np.isnan(measures.rv[1])


def test_a_bar_counts_in_the_bucket_in_which_it_ends():
    hourly = bars_of([30, 90], closes=[100.0, 110.0])
    hourly = replace(hourly, close_ns=hourly.open_ns + NS_PER_HOUR)
    measures = realized_measures(hourly, cut_sessions(hours((0, 180))))
    assert measures.n_obs.tolist() == [0, 1, 1]


def test_a_bar_that_is_open_when_the_session_opens_counts_nowhere():
    hourly = bars_of([-30, 30], closes=[100.0, 110.0], opens=[90.0, 108.0])
    hourly = replace(hourly, close_ns=hourly.open_ns + NS_PER_HOUR)
    measures = realized_measures(hourly, cut_sessions(hours((-500, -400), (0, 120))))
    assert measures.n_obs.tolist() == [0, 0, 0, 1]
    assert measures.bucket_return[3] == pytest.approx(np.log(110 / 108))


def test_one_return_has_no_bipower_and_counts_as_continuous():
    measures = realized_measures(bars_of([0], [110.0], [100.0]), cut_sessions(hours((0, 10)), TEN))
    assert measures.bv[0] == measures.rv[0] == pytest.approx(np.log(1.1) ** 2)
    assert measures.jump[0] == 0.0


def test_no_bars_leave_every_bucket_empty(make_sessions):
    none = bars_of([], [])
    measures = realized_measures(none, cut_sessions(make_sessions(2)))
    assert measures.n_obs.tolist() == [0.0] * 14
    assert np.isnan(measures.rv).all()
    assert np.isnan(measures.bucket_return).all()


def test_no_buckets_have_no_measures():
    nowhere = SessionFrame(np.empty(0, np.int64), np.empty(0, np.int64))
    assert len(realized_measures(bars_of([0, 1], [1.0, 2.0]), cut_sessions(nowhere))) == 0


def test_minutes_are_those_of_the_calendar(make_sessions):
    assert minutes_of(cut_sessions(make_sessions(2, half_days=[1]))).tolist() == [60.0] * 6 + [30.0] + [
        60.0
    ] * 3 + [30.0]
