"""Performance figures, by hand and against vectorbt."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newsvol.engine.costs import Costs
from newsvol.engine.errors import InputError
from newsvol.engine.frames import FillFrame
from newsvol.strategies.performance import measure_performance
from newsvol.strategies.portfolio import simulate


@pytest.fixture(name="result")
def _result(make_bars):
    bars, rng = make_bars(60 * 40, seed=11), np.random.default_rng(11)
    bar = np.sort(rng.choice(len(bars), 200, replace=False))
    stamp_ns = bars.open_ns[bar]
    fills = FillFrame(bar, stamp_ns, stamp_ns, rng.uniform(-1, 1, 200), bars.open[bar])
    return simulate(bars, fills, Costs(1, 1, 1), 1e6)


CLOSES = np.arange(59, 60 * 40, 60)


def test_returns_and_risk_are_those_of_vectorbt(result):
    measured = measure_performance(result, CLOSES)
    daily = pd.Series(np.concatenate([[1e6], result.equity[CLOSES]])).pct_change().iloc[1:]
    accessor = daily.vbt.returns(freq=pd.Timedelta(days=1), year_freq=pd.Timedelta(days=252))
    assert measured.total_return_pct == pytest.approx(100 * accessor.total())
    assert measured.annual_return_pct == pytest.approx(100 * accessor.annualized())
    assert measured.annual_vol_pct == pytest.approx(100 * accessor.annualized_volatility())
    assert measured.sharpe == pytest.approx(accessor.sharpe_ratio())
    assert measured.max_drawdown_pct == pytest.approx(100 * result.portfolio.get_returns_acc().max_drawdown())


def test_turnover_and_costs_are_per_year_and_per_equity(result):
    still = replace(result, equity=np.full_like(result.equity, 1e6))
    measured = measure_performance(still, CLOSES)
    years = len(CLOSES) / 252
    assert measured.orders == 200
    assert measured.costs_bps_per_year == pytest.approx(result.cost.sum() / 1e6 * 1e4 / years)
    notional = np.abs(result.shares * result.price).sum()
    assert measured.turnover_per_year == pytest.approx(notional / 1e6 / years)


def test_equity_that_never_moves_has_no_sharpe(result):
    measured = measure_performance(replace(result, equity=np.full_like(result.equity, 1e6)), CLOSES)
    assert (measured.total_return_pct, measured.annual_vol_pct, measured.max_drawdown_pct) == (0.0, 0.0, 0.0)
    assert np.isnan(measured.sharpe)


def test_one_session_has_no_volatility(result):
    measured = measure_performance(result, CLOSES[:1])
    assert np.isnan(measured.annual_vol_pct)
    assert np.isnan(measured.sharpe)


def test_a_fall_below_the_first_cash_is_a_drawdown(result):
    equity = np.full_like(result.equity, 0.9e6)
    assert measure_performance(replace(result, equity=equity), CLOSES).max_drawdown_pct == pytest.approx(-10)


def test_no_session_is_refused(result):
    with pytest.raises(InputError, match="at least one whole session"):
        measure_performance(result, CLOSES[:0])
