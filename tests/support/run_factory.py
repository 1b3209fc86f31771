"""Makes run folders as docs/run-folder.md describes them, with seeded made-up numbers of any size."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from newsvol.engine.arrays import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_MS, NS_PER_SECOND
from newsvol.engine.ledger import LatencyLedger, percentiles
from newsvol.replays.runs.schema import RUN_FORMAT

FIRST_DAY = np.datetime64("2024-02-20")
SLOTS = 7
MODELS = {
    "last-bucket": ("naive", 0.62),
    "same-bucket-yesterday": ("naive", 0.55),
    "diurnal": ("naive", 0.50),
    "diurnal-ewma": ("naive", 0.36),
    "log-har-p": ("har", 0.30),
    "fused": ("fused", 0.28),
}
STRATEGIES = {
    "vol_target": (False, 0.75),
    "vol_breakout": (False, 0.3),
    "news_tone": (False, -0.2),
    "vol_target_naive": (True, 0.7),
    "always_flat": (True, 0.0),
    "buy_and_hold": (True, 1.0),
}
KINDS = {"session_open": 1, "bucket_end": 2, "headline": 3}


@dataclass(frozen=True)
class RunPlan:
    """How large a run to make, and what to say in it."""

    sessions: int = 12
    headlines: int = 40
    seed: int = 7
    name: str = "spy-news"
    origin: dict[str, Any] = field(default_factory=lambda: {"bars": "spy_1min.parquet"})
    tape_hash: str = "sha256:" + "ab" * 32
    latency: str = "measured"
    headline_text: str = ""
    fused_qlike: float | None = None
    span: dict[str, Any] = field(default_factory=dict)
    empty: tuple[int, ...] = ()
    plug_ins: dict[str, Any] = field(default_factory=dict)
    recording: dict[str, Any] | None = None


def write_run(folder: Path, plan: RunPlan) -> Path:
    """Write a run without its report to `folder`."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(plan.seed)
    buckets = _buckets(plan, rng)
    forecasts, models = _forecasts(plan, rng, buckets)
    news = _scores(plan, rng, buckets)
    ledgers = _ledgers(plan, rng, buckets, news)
    equity = _equity(rng, buckets)
    tables = {"forecasts": forecasts, "scores": news, "ledger": _stack(ledgers), "equity": equity}
    tables["service"] = _service(next(iter(ledgers.values())))
    tables["decide"] = _decide(ledgers)
    tables["orders"] = _orders(ledgers, equity)
    for name, columns in tables.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet", compression="zstd")
    metrics = _metrics(plan, buckets, models, equity, ledgers)
    manifest = _manifest(plan, buckets)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1), encoding="utf-8")
    recipe = f"tape: spy\nseed: {plan.seed}\nlatency: {plan.latency}\nfill: bridge\nstrategies:\n"
    recipe += "".join(f"  - {name}\n" for name in STRATEGIES)
    (folder / "recipe.yaml").write_text(recipe, encoding="utf-8")
    return folder


def edit_json(file: Path, change: Callable[[Any], object]) -> None:
    """Change the content of a JSON file in place."""
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def _buckets(plan: RunPlan, rng: np.random.Generator) -> dict[str, Any]:
    days = np.busday_offset(FIRST_DAY, np.arange(plan.sessions), roll="forward")
    session_open = days.astype("datetime64[ns]").astype(np.int64) + 14 * NS_PER_HOUR + 30 * NS_PER_MINUTE
    slot = np.tile(np.arange(SLOTS), plan.sessions)
    session = np.repeat(np.arange(plan.sessions), SLOTS)
    open_ns = session_open[session] + slot * NS_PER_HOUR
    length = np.where(slot == SLOTS - 1, 30, 60)
    diurnal = np.array([2.2, 1.1, 0.8, 0.65, 0.7, 0.95, 0.6])
    level = np.zeros(plan.sessions)
    for day in range(1, plan.sessions):
        level[day] = 0.93 * level[day - 1] + 0.24 * rng.standard_normal()
    rv = 4.2e-6 * diurnal[slot] * np.exp(level[session] + 0.5 * rng.standard_normal(len(slot)))
    returns = np.sqrt(rv) * rng.standard_normal(len(slot)) + 1.1e-4
    bare = np.isin(session, plan.empty)
    rv[bare], returns[bare] = np.nan, 0.0
    n_obs = np.where(bare, 0, length)
    return {
        "session": session, "slot": slot, "open_ns": open_ns, "close_ns": open_ns + length * NS_PER_MINUTE,
        "n_obs": n_obs, "rv": rv, "diurnal": diurnal[slot], "price": 500 * np.exp(np.cumsum(returns)),
    }  # fmt: skip


def _forecasts(
    plan: RunPlan, rng: np.random.Generator, buckets: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    rv = buckets["rv"]
    columns = {key: value for key, value in buckets.items() if key != "price"}
    columns["origin_ns"] = buckets["open_ns"]
    columns["ready_ns"] = buckets["open_ns"] + 3 * NS_PER_MS
    scores: dict[str, Any] = {}
    for name, (kind, noise) in MODELS.items():
        forecast = np.where(np.isfinite(rv), rv, 1e-5) * np.exp(noise * rng.standard_normal(len(rv)))
        forecast[: 2 * SLOTS] = np.nan
        columns[f"f:{name}"] = forecast
        ratio = (rv / forecast)[2 * SLOTS :]
        qlike = float(np.nanmean(ratio - np.log(ratio) - 1))
        if name == "fused" and plan.fused_qlike is not None:
            qlike = plan.fused_qlike
        mse = float(np.nanmean((rv - forecast) ** 2))
        scores[name] = {"kind": kind, "qlike": qlike, "mse": mse, "r2_vol": 1 - noise, "r2_log": 0.9 - noise}
    har = scores["log-har-p"]["qlike"]
    for score in scores.values():
        score |= {
            "qlike_vs_har_pct": 100 * (score["qlike"] / har - 1),
            "dm_t_vs_har": None,
            "dm_t_vs_naive": None,
        }
    return columns, scores


def _scores(plan: RunPlan, rng: np.random.Generator, buckets: dict[str, Any]) -> dict[str, Any]:
    count = plan.headlines
    published = np.sort(rng.integers(buckets["open_ns"][0], buckets["close_ns"][-1], count))
    available = published + NS_PER_SECOND
    started = available + (rng.exponential(2, count) * NS_PER_MS).astype(np.int64)
    probs = rng.dirichlet([0.5, 0.9, 0.6], count)
    texts = [plan.headline_text or f"Fed & markets: headline {i} moves <S&P 500>" for i in range(count)]
    return {
        "item_id": np.arange(count), "published_ns": published, "available_ns": available,
        "started_ns": started,
        "ready_ns": started + (rng.lognormal(2.3, 0.4, count) * NS_PER_MS).astype(np.int64),
        "negative": probs[:, 0], "neutral": probs[:, 1], "positive": probs[:, 2],
        "score": probs[:, 2] - probs[:, 0], "source": ["wire"] * count, "headline": texts,
    }  # fmt: skip


def _ledgers(
    plan: RunPlan, rng: np.random.Generator, buckets: dict[str, Any], news: dict[str, Any]
) -> dict[str, LatencyLedger]:
    opens = buckets["open_ns"][::SLOTS]
    available = np.concatenate([opens, buckets["close_ns"], news["available_ns"]])
    kind = np.repeat([1, 2, 3], [len(opens), len(buckets["close_ns"]), plan.headlines])
    scale = 0 if plan.latency == "zero" else NS_PER_MS
    count = len(kind)

    def spent(median_ms: float) -> Any:
        return (rng.lognormal(np.log(median_ms), 0.45, count) * scale).astype(np.int64)

    started = available + np.where(rng.random(count) < 0.06, spent(9), 0)
    scored = started + np.where(kind == 3, spent(11), 0)
    forecast = scored + spent(0.4)
    ledgers = {}
    for name in STRATEGIES:
        decided = forecast + spent(0.05)
        ordered = np.where(rng.random(count) < 0.3, decided + scale // 2, -1)
        filled = np.where(ordered < 0, -1, ordered + NS_PER_SECOND)
        ledgers[name] = LatencyLedger(
            kind, available, available, started, scored, forecast, decided, ordered, filled
        )
    return ledgers


def _stack(ledgers: dict[str, LatencyLedger]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "strategy": [name for name, ledger in ledgers.items() for _ in range(len(ledger))]
    }
    stages = ("available", "queued", "started", "scored", "forecast", "decided", "ordered", "filled")
    names = [f"{stage}_ns" for stage in stages]
    for column in ["kind", *names]:
        columns[column] = np.concatenate([getattr(ledger, column) for ledger in ledgers.values()])
    return columns


def _service(ledger: LatencyLedger) -> dict[str, Any]:
    durations = ledger.durations_ns()
    return {
        "kind": ledger.kind,
        "item_id": np.where(ledger.kind == KINDS["headline"], np.arange(len(ledger)), -1),
        "score_ns": durations["score"],
        "forecast_ns": durations["forecast"],
    }


def _decide(ledgers: dict[str, LatencyLedger]) -> dict[str, Any]:
    return {
        "strategy": [name for name, ledger in ledgers.items() for _ in range(len(ledger))],
        "decide_ns": np.concatenate([ledger.durations_ns()["decide"] for ledger in ledgers.values()]),
    }


def _equity(rng: np.random.Generator, buckets: dict[str, Any]) -> dict[str, Any]:
    move = np.diff(np.log(buckets["price"]), prepend=np.log(500.0))
    columns = {"close_ns": buckets["close_ns"], "price": buckets["price"]}
    for name, (_, beta) in STRATEGIES.items():
        noise = 0 if beta in (0.0, 1.0) else 0.0012 * rng.standard_normal(len(move))
        columns[name] = 100_000 * np.exp(np.cumsum(beta * move + noise))
    return columns


def _orders(ledgers: dict[str, LatencyLedger], equity: dict[str, Any]) -> dict[str, Any]:
    rows = [(name, fill, ledger.take(ledger.sent)) for name, ledger in ledgers.items()
            for fill in ("bridge", "next_open", "worst")]  # fmt: skip
    count = sum(len(ledger) for *_, ledger in rows)
    return {
        "strategy": [name for name, _, ledger in rows for _ in range(len(ledger))],
        "fill": [fill for _, fill, ledger in rows for _ in range(len(ledger))],
        "ordered_ns": np.concatenate([ledger.ordered_ns for *_, ledger in rows]),
        "filled_ns": np.concatenate([ledger.filled_ns for *_, ledger in rows]),
        "bar": np.arange(count), "weight": np.full(count, 0.5), "price": np.full(count, equity["price"][0]),
        "shares": np.full(count, 10.0), "cost": np.full(count, 1.25),
    }  # fmt: skip


def _metrics(
    plan: RunPlan, buckets: dict[str, Any], models: dict[str, Any], equity: dict[str, Any],
    ledgers: dict[str, LatencyLedger],
) -> dict[str, Any]:  # fmt: skip
    count = len(buckets["rv"])
    span = {
        "first_ns": int(buckets["open_ns"][0]), "last_ns": int(buckets["close_ns"][-1]),
        "bars": plan.sessions * 390, "buckets": count, "evaluated_buckets": count - 2 * SLOTS,
        "missing_buckets": 0, "scaled_buckets": 0, "sessions": plan.sessions, "empty_sessions": 0,
        "longest_gap_sessions": 0, "long_gaps": 0, "headlines": plan.headlines,
        "sessions_per_year": 252.0, "hours_per_year": 1638.0,
        "traded_from_ns": int(buckets["open_ns"][0]), **plan.span,
    }  # fmt: skip
    strategies = {
        name: {"baseline": baseline, "fills": _fills(equity[name], plan.sessions)}
        for name, (baseline, _) in STRATEGIES.items()
    }
    ledger = next(iter(ledgers.values()))
    durations = ledger.durations_ns()
    stages = {
        word: {stage: percentiles(values[ledger.kind == kind]) for stage, values in durations.items()}
        for word, kind in KINDS.items()
    }
    sentiment = {"model": "student-int8", "model_hash": "sha256:" + "cd" * 32, "device": "cpu",
                 "headlines": plan.headlines, "scored": plan.headlines}  # fmt: skip
    return {
        "span": span,
        "forecast": {
            "target": "rv",
            "noise_floor_qlike": 0.02,
            "models": models,
            "schedule": None,
            "exogenous": None,
            "prior": None,
        },
        "strategies": strategies,
        "latency": {"model": plan.latency, "on_prefix": None, "stages": stages},
        "sentiment": sentiment,
    }


def _fills(equity: Any, sessions: int) -> dict[str, Any]:
    steps = np.diff(np.log(equity), prepend=np.log(100_000.0))
    vol = float(steps.std() * np.sqrt(252 * SLOTS))
    total = float(equity[-1] / 100_000 - 1)
    drawdown = float((equity / np.maximum.accumulate(equity) - 1).min())
    results = {}
    for fill, penalty in (("bridge", 0.0), ("next_open", 0.4), ("worst", 2.1)):
        # Buy and hold trades once, so how it fills hardly matters.
        cut = penalty * (vol > 0) * (0.02 if steps.mean() > 1.05e-4 else 1.0)
        annual = 100 * total * 252 / sessions - cut
        results[fill] = {
            "total_return_pct": 100 * total - cut, "annual_return_pct": annual, "annual_vol_pct": 100 * vol,
            "sharpe": annual / (100 * vol) if vol > 0 else None, "max_drawdown_pct": 100 * drawdown,
            "turnover_per_year": 38.2, "orders": 412, "costs_bps_per_year": 57.3,
            "sharpe_t_vs_hold": None,
        }  # fmt: skip
    return results


def _manifest(plan: RunPlan, buckets: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": RUN_FORMAT, "run_id": f"20240220-{plan.seed:06x}", "name": plan.name,
        "tape_hash": plan.tape_hash,
        "recipe_hash": "sha256:" + "12" * 32, "model_hash": "sha256:" + "cd" * 32, "seed": plan.seed,
        "recording_hash": "sha256:" + "34" * 32, "events_hash": None, "plug_ins": plan.plug_ins,
        "latency": plan.latency, "fill": "bridge", "device": "cpu",
        "costs": {"commission_bps": 0.5, "half_spread_bps": 0.5, "slippage_bps": 1.0},
        "versions": {"newsvol": "0.1.0", "numpy": np.__version__}, 
        "machine": {"cpu": "Example CPU", "cores": 2},
        "tape": {
            "instrument": "SPY", "calendar": "XNYS", "bars": plan.sessions * 390, "headlines": plan.headlines,
            "sessions": plan.sessions, "first_ns": int(buckets["open_ns"][0]),
            "last_ns": int(buckets["close_ns"][-1]), "origin": plan.origin,
            "replayed_hash": plan.tape_hash,
        },
        "recording": plan.recording,
    }  # fmt: skip
