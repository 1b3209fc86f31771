"""What an equity curve is worth: return, risk, turnover and costs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.engine.frames import BarFrame

if TYPE_CHECKING:
    from newsvol.strategies.portfolio import PortfolioResult


@dataclass(frozen=True)
class TradedSessions:
    """The sessions over which portfolios are measured: S, those of the calendar, with bars or without.

    Attributes
    ----------
    close_bar : IntArray, shape (S,)
        The last bar that had ended with each session, -1 before the first bar. The first session's return
        starts from the initial cash.
    counted : BoolArray, shape (S,)
        False in a long gap: such a session is time that passed, and no return. In a short gap an empty
        session has a return of zero and the first one after it the whole move: over many, neither the sum of
        the returns nor that of their squares depends on the gap.
    resumed_bar : IntArray, shape (G,)
        The first bar after each long gap.
    per_year : float
        Sessions in a year of the calendar.
    """

    close_bar: IntArray
    counted: BoolArray
    resumed_bar: IntArray
    per_year: float

    @property
    def years(self) -> float:
        """Years of the calendar, gaps included."""
        return len(self.close_bar) / self.per_year


@dataclass(frozen=True)
class Performance:
    """Figures of one portfolio over the sessions of the calendar; moves across long gaps are in none of them.

    Attributes
    ----------
    total_return_pct : float
    annual_return_pct : float
        Geometric, per year of the calendar.
    annual_vol_pct : float
        Standard deviation (ddof 1) of the returns from session close to session close, per year: of the whole
        day, nights included. NaN below two sessions.
    sharpe : float
        Mean over standard deviation of those returns, per year, without a risk-free rate (Sharpe 1994).
        NaN where the equity never moved, or below two sessions.
    max_drawdown_pct : float
        Largest fall from a peak, bar by bar; zero or negative.
    turnover_per_year : float
        Traded notional over equity, per year of the calendar; 1 is one purchase of the whole account.
    orders : int
        Orders that traded.
    costs_bps_per_year : float
        Commission, half-spread and slippage over equity, per year of the calendar.
    """

    total_return_pct: float
    annual_return_pct: float
    annual_vol_pct: float
    sharpe: float
    max_drawdown_pct: float
    turnover_per_year: float
    orders: int
    costs_bps_per_year: float


def equity_without_gaps(result: "PortfolioResult", bars: BarFrame, resumed_bar: IntArray) -> FloatArray:
    """Return the equity as if nothing had been held across long gaps, shape (T,).

    What is held is valued at the open of the first bar after a gap, and the account goes on from there with
    the equity that it had at the close before. Nobody decided to hold through it: that the tape has a gap is
    known only at its other end, and so is the price there.

    Parameters
    ----------
    bars : BarFrame, T bars
    resumed_bar : IntArray, shape (G,)
        The first bar after each gap.
    """
    held = np.concatenate([[0.0], np.cumsum(np.bincount(result.bar, result.shares, len(bars)))])
    factor = np.ones(len(bars))
    resumed = resumed_bar[resumed_bar > 0]
    before = result.equity[resumed - 1]
    opened = before + held[resumed] * (bars.open[resumed] - bars.close[resumed - 1])
    # an account that the gap has ruined cannot go on from where it was: its loss stays
    alive = (opened > 0) & (before > 0)
    factor[resumed[alive]] = before[alive] / opened[alive]
    return np.asarray(result.equity * np.cumprod(factor))


def session_returns(equity: FloatArray, cash: float, sessions: TradedSessions) -> FloatArray:
    """Return the return of each counted session, as a share of the equity that it began with.

    Parameters
    ----------
    equity : FloatArray, shape (T,)
        As `equity_without_gaps` returns it.
    cash : float
        What the account started with.
    """
    closing = np.where(sessions.close_bar >= 0, equity[np.maximum(sessions.close_bar, 0)], cash)
    before = np.concatenate([[cash], closing[:-1]])
    return np.asarray(np.diff(closing, prepend=cash) / before)[sessions.counted]


def measure_performance(
    result: "PortfolioResult", equity: FloatArray, sessions: TradedSessions
) -> Performance:
    """Measure a portfolio.

    Parameters
    ----------
    result : PortfolioResult, T bars
    equity : FloatArray, shape (T,)
        As `equity_without_gaps` returns it.
    sessions : TradedSessions, S rows

    Raises
    ------
    InputError
        There is no session with bars.

    Notes
    -----
    In plain NumPy: vectorbt's ``stats()`` takes seconds on a year of minutes, and its returns accessor
    milliseconds a figure, against well under one for all of them here; the tests hold the two together.
    """
    if not np.any(sessions.counted):
        raise InputError("performance needs at least one whole session; use a longer span")
    daily = session_returns(equity, result.cash, sessions)
    years = sessions.years
    growth = max(float(equity[-1]) / result.cash, 0.0)
    spread = float(np.std(daily, ddof=1)) if len(daily) > 1 else np.nan
    peak = np.maximum(np.maximum.accumulate(equity), result.cash)
    # Relative to the equity of the moment, so that an account that has grown does not look restless: the
    # account's own, which the orders were sized on.
    equity_then = result.equity[result.bar]
    return Performance(
        total_return_pct=100 * (growth - 1),
        annual_return_pct=100 * (growth ** (1 / years) - 1),
        annual_vol_pct=100 * spread * sessions.per_year**0.5,
        sharpe=float(np.mean(daily)) / spread * sessions.per_year**0.5 if spread > 0 else np.nan,
        max_drawdown_pct=100 * float(np.min(equity / peak) - 1),
        turnover_per_year=float(np.sum(np.abs(result.shares) * result.price / equity_then)) / years,
        orders=int(np.count_nonzero(result.shares)),
        costs_bps_per_year=1e4 * float(np.sum(result.cost / equity_then)) / years,
    )
