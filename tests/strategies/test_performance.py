"""Performance figures, by hand and against vectorbt."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newsvol.engine.costs import Costs
from newsvol.engine.errors import InputError
from newsvol.engine.frames import FillFrame
from newsvol.strategies.performance import (
    TradedSessions,
    equity_without_gaps,
    measure_performance,
    session_returns,
)
from newsvol.strategies.portfolio import simulate


@pytest.fixture(name="result")
def _result(make_bars):
    bars, rng = make_bars(60 * 40, seed=11), np.random.default_rng(11)
    bar = np.sort(rng.choice(len(bars), 200, replace=False))
    stamp_ns = bars.open_ns[bar]
    fills = FillFrame(bar, stamp_ns, stamp_ns, rng.uniform(-1, 1, 200), bars.open[bar])
    return simulate(bars, fills, Costs(1, 1, 1), 1e6)


CLOSES = np.arange(59, 60 * 40, 60)
NOWHERE = np.empty(0, np.int64)


def over(closes, counted=None, resumed=NOWHERE, per_year=252.0):
    """Sessions that close with these bars."""
    every = np.ones(len(closes), np.bool_) if counted is None else counted
    return TradedSessions(closes, every, resumed, per_year)


def measure(result, sessions):
    return measure_performance(result, result.equity, sessions)


def test_returns_and_risk_are_those_of_vectorbt(result):
    measured = measure(result, over(CLOSES))
    daily = pd.Series(np.concatenate([[1e6], result.equity[CLOSES]])).pct_change().iloc[1:]
    accessor = daily.vbt.returns(freq=pd.Timedelta(days=1), year_freq=pd.Timedelta(days=252))
    assert measured.total_return_pct == pytest.approx(100 * accessor.total())
    assert measured.annual_return_pct == pytest.approx(100 * accessor.annualized())
    assert measured.annual_vol_pct == pytest.approx(100 * accessor.annualized_volatility())
    assert measured.sharpe == pytest.approx(accessor.sharpe_ratio())
    assert measured.max_drawdown_pct == pytest.approx(100 * result.portfolio.get_returns_acc().max_drawdown())


def test_turnover_and_costs_are_per_year_and_per_equity(result):
    still = replace(result, equity=np.full_like(result.equity, 1e6))
    measured = measure(still, over(CLOSES))
    years = len(CLOSES) / 252
    assert measured.orders == 200
    assert measured.costs_bps_per_year == pytest.approx(result.cost.sum() / 1e6 * 1e4 / years)
    notional = np.abs(result.shares * result.price).sum()
    assert measured.turnover_per_year == pytest.approx(notional / 1e6 / years)


def test_equity_that_never_moves_has_no_sharpe(result):
    measured = measure(replace(result, equity=np.full_like(result.equity, 1e6)), over(CLOSES))
    assert (measured.total_return_pct, measured.annual_vol_pct, measured.max_drawdown_pct) == (0.0, 0.0, 0.0)
    assert np.isnan(measured.sharpe)


def test_one_session_has_no_volatility(result):
    measured = measure(result, over(CLOSES[:1]))
    assert np.isnan(measured.annual_vol_pct)
    assert np.isnan(measured.sharpe)


def test_a_fall_below_the_first_cash_is_a_drawdown(result):
    equity = np.full_like(result.equity, 0.9e6)
    assert measure(replace(result, equity=equity), over(CLOSES)).max_drawdown_pct == pytest.approx(-10)


def test_no_session_is_refused(result):
    with pytest.raises(InputError, match="at least one whole session"):
        measure(result, over(CLOSES[:0]))


def test_a_year_is_the_calendars_whether_its_sessions_have_bars_or_not(result):
    # every second session is empty: its close is the one before, and as much was traded in twice the time
    closes = np.repeat(CLOSES, 2)
    plain, sparse = measure(result, over(CLOSES)), measure(result, over(closes))
    assert sparse.turnover_per_year == pytest.approx(plain.turnover_per_year / 2)
    assert sparse.costs_bps_per_year == pytest.approx(plain.costs_bps_per_year / 2)
    # half the mean return, spread over twice the sessions: the same sums
    returns = session_returns(result.equity, result.cash, over(closes))
    assert len(returns) == 80
    assert (returns[1::2] == 0).all()
    assert sparse.annual_vol_pct == pytest.approx(plain.annual_vol_pct / 2**0.5, rel=0.02)


def test_a_calendar_of_more_sessions_makes_a_year_of_more(result):
    week_days, always = (measure(result, over(CLOSES, per_year=days)) for days in (252.0, 365.25))
    assert always.annual_vol_pct == pytest.approx(week_days.annual_vol_pct * (365.25 / 252) ** 0.5)
    assert always.turnover_per_year == pytest.approx(week_days.turnover_per_year * 365.25 / 252)


def held_over_a_gap(make_bars, jump):
    """Forty sessions, all in from the first bar; the price jumps between the twentieth and the next."""
    bars = make_bars(60 * 40, seed=3)
    later = np.arange(len(bars)) >= 1200
    prices = {
        name: np.where(later, getattr(bars, name) * jump, getattr(bars, name))
        for name in ("open", "high", "low", "close")
    }
    bars = replace(bars, **prices)
    zero = np.zeros(1, np.int64)
    fills = FillFrame(zero, bars.open_ns[:1], bars.open_ns[:1], np.ones(1), bars.open[:1])
    return bars, simulate(bars, fills, Costs(0, 0, 0), 1e6)


def test_a_move_across_a_long_gap_is_in_no_figure(make_bars):
    counted = np.ones(60, np.bool_)
    counted[20:40] = False
    closes = np.concatenate([CLOSES[:20], np.full(20, CLOSES[19]), CLOSES[20:]])
    gap = over(closes, counted, np.array([1200]))
    found = {}
    for jump in (1.0, 1.6, 0.5):
        bars, result = held_over_a_gap(make_bars, jump)
        equity = equity_without_gaps(result, bars, gap.resumed_bar)
        found[jump] = measure_performance(result, equity, gap)
        assert len(session_returns(equity, result.cash, gap)) == 40
        # the bar after the gap moves from its own open, as a session's first one does
        assert equity[1200] / equity[1199] == pytest.approx(bars.close[1200] / bars.open[1200])
    for jump in (1.6, 0.5):
        for name in ("total_return_pct", "annual_vol_pct", "sharpe", "max_drawdown_pct"):
            assert getattr(found[jump], name) == pytest.approx(getattr(found[1.0], name))


def test_what_is_bought_after_a_gap_makes_its_own_return(make_bars):
    bars = make_bars(60 * 2, seed=3)
    late = np.array([60])
    fills = FillFrame(late, bars.open_ns[late], bars.open_ns[late], np.ones(1), bars.open[late])
    result = simulate(bars, fills, Costs(0, 0, 0), 1e6)
    np.testing.assert_array_equal(equity_without_gaps(result, bars, late), result.equity)


def test_an_account_that_a_gap_has_ruined_stays_ruined(make_bars):
    bars, _ = held_over_a_gap(make_bars, 4.0)
    zero = np.zeros(1, np.int64)
    fills = FillFrame(zero, bars.open_ns[:1], bars.open_ns[:1], -np.ones(1), bars.open[:1])
    result = simulate(bars, fills, Costs(0, 0, 0), 1e6)
    equity = equity_without_gaps(result, bars, np.array([1200]))
    assert equity[-1] == result.equity[-1] < 0
