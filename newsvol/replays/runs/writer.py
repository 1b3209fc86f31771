"""Writing the run folder (docs/run-folder.md)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from newsvol.engine.provenance import machine, versions
from newsvol.engine.ticks import TickKind
from newsvol.replays.runs.schema import RUN_FORMAT, RecordingPart
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.simulation.recording import recording_hash
from newsvol.replays.simulation.session import Session
from newsvol.replays.tapes.empty_sessions import resumed_bars
from newsvol.replays.tapes.tape import Tape
from newsvol.strategies.performance import equity_without_gaps
from newsvol.strategies.portfolio import PortfolioResult


def write_run(
    folder: Path,
    tape: Tape,
    tape_hash: str,
    recipe: Recipe,
    session: Session,
    portfolios: Mapping[tuple[str, str], PortfolioResult],
    metrics: Mapping[str, Any],
    recording: RecordingPart | None = None,
) -> None:
    """Write every file of the run but the report into the existing `folder`.

    Parameters
    ----------
    tape : Tape
        What of the tape was replayed; `tape_hash` is of the whole one, of which the recipe names the span.
    recording : RecordingPart, optional
        The one that was charged.
    """
    (folder / "recipe.yaml").write_text(recipe.to_yaml(), encoding="utf-8")
    _write_json(folder / "metrics.json", metrics)
    tables = {
        "forecasts": _forecasts(session),
        "scores": _scores(tape, session),
        "ledger": _ledger(session),
        "service": _service(tape, session),
        "decide": _decide(session),
        "orders": _orders(session, portfolios),
        "equity": _equity(tape, recipe, session, portfolios),
    }
    for name, columns in tables.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet", compression="zstd")
    manifest = _manifest(tape, tape_hash, recipe, metrics, recording_hash(folder))
    manifest["recording"] = None if recording is None else recording.model_dump()
    _write_json(folder / "manifest.json", manifest)


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _manifest(
    tape: Tape, tape_hash: str, recipe: Recipe, metrics: Mapping[str, Any], charged_hash: str
) -> dict[str, Any]:
    sentiment = metrics["sentiment"]
    hashes = {
        "tape_hash": tape_hash,
        "recipe_hash": recipe.recipe_hash(),
        "model_hash": sentiment["model_hash"],
        "recording_hash": charged_hash,
        "events_hash": recipe.volatility.events_hash,
        "plug_ins": {what: asdict(plug_in) for what, plug_in in recipe.plug_ins().items()},
    }
    identity = json.dumps([*hashes.values(), recipe.seed, versions(())["newsvol"]])
    return {
        "format": RUN_FORMAT,
        "run_id": hashlib.sha256(identity.encode()).hexdigest()[:16],
        "name": recipe.name,
        **hashes,
        "seed": recipe.seed,
        "latency": recipe.latency.model,
        "fill": recipe.fill,
        "costs": recipe.costs.model_dump(),
        "device": sentiment["device"],
        "versions": versions(),
        "machine": machine(),
        "tape": {
            "instrument": tape.info.instrument,
            "calendar": tape.info.calendar,
            "bars": len(tape.bars),
            "headlines": len(tape.news),
            "sessions": len(tape.sessions),
            "first_ns": int(tape.bars.open_ns[0]),
            "last_ns": int(tape.bars.close_ns[-1]),
            "replayed_hash": tape.content_hash(),
            "origin": json.loads(json.dumps(dict(tape.info.origin), default=str)),
        },
    }


def _forecasts(session: Session) -> dict[str, Any]:
    history, ticks = session.history, session.ticks
    tick = session.forecasts.bucket_tick
    known = tick >= 0
    return {
        "session": history.buckets.session,
        "slot": history.buckets.slot,
        "open_ns": history.buckets.open_ns,
        "close_ns": history.buckets.close_ns,
        "n_obs": history.measures.n_obs,
        "covered": history.measures.covered,
        "rv": history.measures.rv,
        "origin_ns": np.where(known, ticks.available_ns[tick], -1),
        "ready_ns": np.where(known, ticks.forecast_ns[tick], -1),
        "diurnal": history.diurnal,
        **{f"f:{name}": values for name, values in session.forecasts.by_name.items()},
        **{f"w:{name}": values for name, values in session.forecasts.weights.items()},
    }


def _scores(tape: Tape, session: Session) -> dict[str, Any]:
    is_headline = session.ticks.kind == TickKind.HEADLINE
    return {
        "item_id": tape.news.item_id,
        "published_ns": tape.news.published_ns,
        "available_ns": tape.news.available_ns,
        "started_ns": session.ticks.started_ns[is_headline],
        "ready_ns": session.scores.ready_ns,
        "negative": session.scores.probs[:, 0],
        "neutral": session.scores.probs[:, 1],
        "positive": session.scores.probs[:, 2],
        "score": session.scores.score,
        "source": pa.array(tape.news.source, type=pa.string()),
        "headline": pa.array(tape.news.headline, type=pa.string()),
    }


def _ledger(session: Session) -> dict[str, Any]:
    runs = session.strategies
    columns = list(next(iter(runs.values())).ledger.__dataclass_fields__)
    return {
        "strategy": _named({name: len(run.ledger) for name, run in runs.items()}),
        **{
            column: np.concatenate([getattr(run.ledger, column) for run in runs.values()])
            for column in columns
        },
    }


def _service(tape: Tape, session: Session) -> dict[str, Any]:
    ticks = session.ticks
    is_headline = ticks.kind == TickKind.HEADLINE
    item_id = np.full(len(ticks), -1, dtype=np.int64)
    item_id[is_headline] = tape.news.item_id
    return {
        "kind": ticks.kind,
        "item_id": item_id,
        "score_ns": session.service.score_ns,
        "forecast_ns": session.service.forecast_ns,
    }


def _decide(session: Session) -> dict[str, Any]:
    runs = session.strategies
    return {
        "strategy": _named({name: len(run.decide_ns) for name, run in runs.items()}),
        "decide_ns": np.concatenate([run.decide_ns for run in runs.values()]),
        "weight": np.concatenate([run.weight for run in runs.values()]),
    }


def _orders(session: Session, portfolios: Mapping[tuple[str, str], PortfolioResult]) -> dict[str, Any]:
    parts = [
        (name, model, fills, portfolios[name, model])
        for name, run in session.strategies.items()
        for model, fills in run.fills.items()
    ]
    return {
        "strategy": pa.array(np.repeat([name for name, *_ in parts], [len(fills) for *_, fills, _ in parts])),
        "fill": pa.array(
            np.repeat([model for _, model, *_ in parts], [len(fills) for *_, fills, _ in parts])
        ),
        **{
            column: np.concatenate([getattr(fills, column) for *_, fills, _ in parts])
            for column in ("ordered_ns", "filled_ns", "bar", "weight")
        },
        **{
            column: np.concatenate([getattr(result, column) for *_, result in parts])
            for column in ("price", "shares", "cost")
        },
    }


def _equity(
    tape: Tape, recipe: Recipe, session: Session, portfolios: Mapping[tuple[str, str], PortfolioResult]
) -> dict[str, Any]:
    close_ns = session.history.buckets.close_ns
    row = np.searchsorted(tape.bars.close_ns, close_ns, side="right") - 1
    resumed_bar = resumed_bars(tape.bars, tape.sessions)
    equity = {
        name: equity_without_gaps(portfolios[name, recipe.fill], tape.bars, resumed_bar)
        for name in session.strategies
    }
    return {
        "close_ns": close_ns,
        "price": np.where(row >= 0, tape.bars.close[row], np.nan),
        **{name: np.where(row >= 0, values[row], recipe.cash) for name, values in equity.items()},
    }


def _named(counts: Mapping[str, int]) -> pa.Array:
    return pa.array(np.repeat(list(counts), list(counts.values()))).dictionary_encode()
