"""The metrics of a run: forecasts beside baselines, PnL beside buy-and-hold, latency by stage."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray
from newsvol.engine.ledger import STAGES, percentiles
from newsvol.engine.ticks import TickKind
from newsvol.replays.evaluation.statistics import diebold_mariano, newey_west_lag, sharpe_difference_t
from newsvol.replays.runs.schema import finite
from newsvol.replays.simulation.session import BUY_AND_HOLD, NAIVE_VOL_TARGET, Session
from newsvol.replays.tapes.calendar import trading_year
from newsvol.replays.tapes.empty_sessions import empty_sessions, resumed_bars
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.losses import forecast_losses, noise_floor_qlike, qlike
from newsvol.signals.volatility.naive import NAIVE
from newsvol.strategies.performance import (
    Performance,
    TradedSessions,
    equity_without_gaps,
    measure_performance,
    session_returns,
)
from newsvol.strategies.portfolio import PortfolioResult

BASELINES = (BUY_AND_HOLD, NAIVE_VOL_TARGET)


@dataclass(frozen=True)
class SentimentFacts:
    """Which model scored the headlines, and where."""

    model: str
    model_hash: str | None
    device: str
    headlines: int
    scored: int


def evaluated_buckets(session: Session) -> BoolArray:
    """Return the buckets on which every forecaster has a forecast and prices moved, shape (B,)."""
    rv = session.history.measures.rv
    known = np.all([np.isfinite(f) & (f > 0) for f in session.forecasts.by_name.values()], axis=0)
    return np.asarray(known & np.isfinite(rv) & (rv > 0))


def first_traded_session(session: Session) -> int:
    """Return the session in which the traded forecast starts; every strategy is measured from there."""
    known = np.flatnonzero(np.isfinite(session.forecasts.by_name["fused"]))
    return int(session.history.buckets.session[known[0]]) if len(known) else 0


def traded_sessions(tape: Tape, first: int) -> TradedSessions:
    """Return the sessions of `tape` from the `first` on, as portfolios are measured over them."""
    traded = tape.sessions.take(slice(first, None))
    return TradedSessions(
        close_bar=np.searchsorted(tape.bars.close_ns, traded.close_ns, side="right") - 1,
        counted=~empty_sessions(tape.bars, traded).in_long_gap,
        resumed_bar=resumed_bars(tape.bars, tape.sessions),
        per_year=trading_year(tape.info.calendar, tape.sessions).sessions,
    )


def run_metrics(
    tape: Tape,
    session: Session,
    portfolios: Mapping[tuple[str, str], PortfolioResult],
    latency: str,
    sentiment: SentimentFacts,
    first: date | None = None,
) -> dict[str, Any]:
    """Return what ``metrics.json`` holds (docs/run-folder.md); what does not exist is None.

    Parameters
    ----------
    portfolios : mapping of (strategy, fill model) to PortfolioResult
    first : date, optional
        First day that was forecast and traded; the tape's own if not given.
    """
    traded = traded_sessions(tape, first_traded_session(session))
    equity = {
        key: equity_without_gaps(portfolio, tape.bars, traded.resumed_bar)
        for key, portfolio in portfolios.items()
    }
    returns = {key: session_returns(equity[key], portfolios[key].cash, traded) for key in portfolios}
    strategies = {
        name: {
            "baseline": name in BASELINES,
            "fills": {
                model: _fill_metrics(
                    measure_performance(portfolios[name, model], equity[name, model], traded),
                    returns[name, model],
                    returns[BUY_AND_HOLD, model],
                )
                for model in run.fills
            },
        }
        for name, run in session.strategies.items()
    }
    return {
        "span": _span(tape, session, first),
        "forecast": _forecast_metrics(session),
        "strategies": strategies,
        "latency": {"model": latency, "on_prefix": None, "stages": _stages(session)},
        "sentiment": asdict(sentiment),
    }


def _span(tape: Tape, session: Session, first: date | None) -> dict[str, int | float]:
    # Before the span's first day lies the warm-up: it was read, and neither forecast nor traded.
    begins = np.iinfo(np.int64).min if first is None else tape.day_start_ns(first)
    opens = tape.bars.open_ns[tape.bars.open_ns >= begins]
    in_span = tape.sessions.open_ns >= begins
    found = empty_sessions(tape.bars, tape.sessions.take(in_span))
    year = trading_year(tape.info.calendar, tape.sessions)
    buckets, measures = session.history.buckets, session.history.measures
    empty = empty_sessions(tape.bars, tape.sessions).empty[buckets.session]
    # what comes after the last bar is the tape's end, and no gap
    asked = (buckets.open_ns >= begins) & (buckets.close_ns <= tape.bars.close_ns[-1]) & ~empty
    missing = asked & np.isnan(measures.rv)
    return {
        "first_ns": int(opens[0]) if len(opens) else int(begins),
        "last_ns": int(tape.bars.close_ns[-1]),
        "bars": len(opens),
        "buckets": int((buckets.open_ns >= begins).sum()),
        "evaluated_buckets": int(evaluated_buckets(session).sum()),
        "missing_buckets": int(missing.sum()),
        "scaled_buckets": int((asked & ~missing & (measures.covered < 1)).sum()),
        "sessions": int(in_span.sum()),
        "empty_sessions": int(found.empty.sum()),
        "longest_gap_sessions": found.longest,
        "long_gaps": found.long_gaps,
        "headlines": int((tape.news.available_ns >= begins).sum()),
        "sessions_per_year": year.sessions,
        "hours_per_year": year.hours,
        "traded_from_ns": int(tape.sessions.open_ns[first_traded_session(session)]),
    }


def _fill_metrics(performance: Performance, own: FloatArray, held: FloatArray) -> dict[str, float | None]:
    """Return what a portfolio is worth, and the t of its Sharpe ratio against buy and hold's.

    Parameters
    ----------
    own, held : FloatArray
        Returns of the same sessions: the portfolio's, and buy and hold's.
    """
    t = sharpe_difference_t(own, held, newey_west_lag(len(own)))
    measured: dict[str, float | None] = finite(asdict(performance) | {"sharpe_t_vs_hold": t})
    return measured


def _forecast_metrics(session: Session) -> dict[str, Any]:
    rows = evaluated_buckets(session)
    realized = session.history.measures.rv[rows]
    names = list(session.forecasts.by_name)
    losses = {
        name: forecast_losses(realized, session.forecasts.by_name[name][rows]) if rows.any() else {}
        for name in names
    }
    base = next((name for name in names if name not in NAIVE), names[0])
    tests = _tests(
        losses, {name: qlike(realized, session.forecasts.by_name[name][rows]) for name in names}, base
    )
    models = {}
    for name in names:
        kind = "naive" if name in NAIVE else ("fused" if name == "fused" else "har")
        against = 100.0 * (losses[name]["qlike"] / losses[base]["qlike"] - 1.0) if rows.any() else None
        empty = dict.fromkeys(("qlike", "mse", "r2_vol", "r2_log"))
        scores = {**empty, **finite(losses[name]), "qlike_vs_har_pct": against}
        models[name] = {"kind": kind, **scores, **tests[name]}
    floor = noise_floor_qlike(session.history.measures.take(rows)) if rows.any() else None
    return {"target": session.history.proxy, "noise_floor_qlike": floor, "models": models}


def _tests(
    losses: Mapping[str, Mapping[str, float]], each: Mapping[str, FloatArray], base: str
) -> dict[str, dict[str, float | None]]:
    """Return the Diebold-Mariano t of each forecast against `base` and the best naive one.

    Parameters
    ----------
    losses : mapping
        Mean losses by forecast; empty mappings where no bucket was evaluated.
    each : mapping
        QLIKE of every evaluated bucket by forecast, shape (n,).
    """
    naive = min(
        (name for name in each if name in NAIVE and losses[name]),
        key=lambda name: losses[name]["qlike"],
        default=base,
    )
    rivals = {"dm_t_vs_har": each[base], "dm_t_vs_naive": each[naive]}
    return {
        name: finite({key: _dm_t(rival, own) for key, rival in rivals.items()}) for name, own in each.items()
    }


def _dm_t(rival: FloatArray, own: FloatArray) -> float:
    """Return the Diebold-Mariano t of `own` losses against the rival's, both (n,); NaN if equal or empty."""
    return diebold_mariano(rival, own, newey_west_lag(len(own))).t if len(own) else float("nan")


def _stages(session: Session) -> dict[str, Any]:
    """Percentiles by kind of tick, of the first strategy that is no baseline (all share queue and models)."""
    name = next((name for name in session.strategies if name not in BASELINES), BUY_AND_HOLD)
    ledger = session.strategies[name].ledger
    durations = ledger.durations_ns()
    out: dict[str, Any] = {}
    for kind in (TickKind.HEADLINE, TickKind.BUCKET_END, TickKind.SESSION_OPEN):
        rows = ledger.kind == kind
        out[kind.name.lower()] = {
            stage: percentiles(
                durations[stage][rows & ledger.sent] if stage == "order" else durations[stage][rows]
            )
            for stage in (*STAGES, "total")
        }
    return out
