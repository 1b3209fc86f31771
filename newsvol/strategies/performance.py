"""What an equity curve is worth: return, risk, turnover and costs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from newsvol.engine.arrays import SESSIONS_PER_YEAR, FloatArray, IntArray
from newsvol.engine.errors import InputError

if TYPE_CHECKING:
    from newsvol.strategies.portfolio import PortfolioResult


@dataclass(frozen=True)
class Performance:
    """Figures of one portfolio over S sessions; a year has 252.

    Attributes
    ----------
    total_return_pct : float
    annual_return_pct : float
        Geometric.
    annual_vol_pct : float
        Standard deviation (ddof 1) of the returns from session close to session close.
        NaN below two sessions.
    sharpe : float
        Mean over standard deviation of those returns, per year, without a risk-free rate (Sharpe 1994).
        NaN where the equity never moved, or below two sessions.
    max_drawdown_pct : float
        Largest fall from a peak, bar by bar; zero or negative.
    turnover_per_year : float
        Traded notional over equity; 1 is one purchase of the whole account.
    orders : int
        Orders that traded.
    costs_bps_per_year : float
        Commission, half-spread and slippage over equity.
    """

    total_return_pct: float
    annual_return_pct: float
    annual_vol_pct: float
    sharpe: float
    max_drawdown_pct: float
    turnover_per_year: float
    orders: int
    costs_bps_per_year: float


def session_returns(result: "PortfolioResult", session_close_bar: IntArray) -> FloatArray:
    """Return the return of each session, shape (S,), as a share of the equity that it began with."""
    closing = result.equity[session_close_bar]
    before = np.concatenate([[result.cash], closing[:-1]])
    return np.asarray(np.diff(closing, prepend=result.cash) / before)


def measure_performance(result: "PortfolioResult", session_close_bar: IntArray) -> Performance:
    """Measure a portfolio.

    Parameters
    ----------
    result : PortfolioResult, T bars
    session_close_bar : IntArray, shape (S,)
        The last bar of each session, ascending. The first session's return starts from the initial cash.

    Raises
    ------
    InputError
        There is no session.

    Notes
    -----
    In plain NumPy: vectorbt's ``stats()`` takes seconds on a year of minutes, and its returns accessor
    milliseconds a figure, against well under one for all of them here; the tests hold the two together.
    """
    if len(session_close_bar) == 0:
        raise InputError("performance needs at least one whole session; use a longer span")
    equity = result.equity
    daily = session_returns(result, session_close_bar)
    years = len(session_close_bar) / SESSIONS_PER_YEAR
    growth = max(float(equity[-1]) / result.cash, 0.0)
    spread = float(np.std(daily, ddof=1)) if len(daily) > 1 else np.nan
    peak = np.maximum(np.maximum.accumulate(equity), result.cash)
    # Relative to the equity of the moment, so that an account that has grown does not look restless.
    equity_then = equity[result.bar]
    return Performance(
        total_return_pct=100 * (growth - 1),
        annual_return_pct=100 * (growth ** (1 / years) - 1),
        annual_vol_pct=100 * spread * SESSIONS_PER_YEAR**0.5,
        sharpe=float(np.mean(daily)) / spread * SESSIONS_PER_YEAR**0.5 if spread > 0 else np.nan,
        max_drawdown_pct=100 * float(np.min(equity / peak) - 1),
        turnover_per_year=float(np.sum(np.abs(result.shares) * result.price / equity_then)) / years,
        orders=int(np.count_nonzero(result.shares)),
        costs_bps_per_year=1e4 * float(np.sum(result.cost / equity_then)) / years,
    )
