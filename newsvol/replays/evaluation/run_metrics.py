"""The metrics of a run: forecasts beside baselines, PnL beside buy-and-hold, latency by stage."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from newsvol.engine.arrays import BoolArray, FloatArray, IntArray
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.engine.ledger import STAGES, percentiles
from newsvol.engine.ticks import TickKind
from newsvol.replays.evaluation.statistics import diebold_mariano, newey_west_lag, sharpe_difference_t
from newsvol.replays.runs.schema import finite
from newsvol.replays.simulation.session import BUY_AND_HOLD, NAIVE_VOL_TARGET, Session
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.losses import forecast_losses, noise_floor_qlike, qlike
from newsvol.signals.volatility.naive import NAIVE
from newsvol.strategies.performance import measure_performance, session_returns
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


def session_close_bars(bars: BarFrame, sessions: SessionFrame) -> IntArray:
    """Return the last bar of each session that has bars, ascending."""
    first = np.searchsorted(bars.open_ns, sessions.open_ns)
    last = np.searchsorted(bars.close_ns, sessions.close_ns, side="right") - 1
    return np.asarray(last[last >= first], dtype=np.int64)


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
    traded = tape.sessions.take(slice(first_traded_session(session), None))
    closes = session_close_bars(tape.bars, traded)
    held = {
        model: session_returns(portfolios[BUY_AND_HOLD, model], closes)
        for model in session.strategies[BUY_AND_HOLD].fills
    }
    strategies = {
        name: {
            "baseline": name in BASELINES,
            "fills": {
                model: _fill_metrics(portfolios[name, model], closes, held[model]) for model in run.fills
            },
        }
        for name, run in session.strategies.items()
    }
    return {
        "span": _span(tape, session, first),
        "forecast": _forecast_metrics(session),
        "strategies": strategies,
        "latency": {"model": latency, "stages": _stages(session)},
        "sentiment": asdict(sentiment),
    }


def _span(tape: Tape, session: Session, first: date | None) -> dict[str, int]:
    # Before the span's first day lies the warm-up: it was read, and neither forecast nor traded.
    begins = np.iinfo(np.int64).min if first is None else tape.day_start_ns(first)
    opens = tape.bars.open_ns[tape.bars.open_ns >= begins]
    return {
        "first_ns": int(opens[0]) if len(opens) else int(begins),
        "last_ns": int(tape.bars.close_ns[-1]),
        "bars": len(opens),
        "buckets": int((session.history.buckets.open_ns >= begins).sum()),
        "evaluated_buckets": int(evaluated_buckets(session).sum()),
        "sessions": int((tape.sessions.open_ns >= begins).sum()),
        "headlines": int((tape.news.available_ns >= begins).sum()),
    }


def _fill_metrics(portfolio: PortfolioResult, closes: IntArray, held: FloatArray) -> dict[str, float | None]:
    """Return what a portfolio is worth, and the t of its Sharpe ratio against buy and hold's returns (S,)."""
    own = session_returns(portfolio, closes)
    t = sharpe_difference_t(own, held, newey_west_lag(len(own)))
    measured: dict[str, float | None] = finite(
        asdict(measure_performance(portfolio, closes)) | {"sharpe_t_vs_hold": t}
    )
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
    return {"target": "rv", "noise_floor_qlike": floor, "models": models}


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
