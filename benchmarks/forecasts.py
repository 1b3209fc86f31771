"""The volatility forecasts on real tapes: SPY minutes, and SPY hours of 1998 to 2021.

    python benchmarks/forecasts.py --data DIR [--out FILE.json]

DIR is the folder of third-party data, which is not shipped. Minutes: `newsvol vol evaluate` on the last
third, with the shipped schedule of FOMC, CPI and NFP. Hours: every forecaster with its own windows against
raw HAR with a window of 1,000 hours, 2006 to 2021, Garman-Klass variance as the target, no calendar; and what
the Federal Reserve's schedule adds where there is one, 2014 to 2021.
"""

from pathlib import Path
from typing import Any

import numpy as np
from results_file import parser, publish

from newsvol.engine.provenance import machine, versions
from newsvol.models.serving.scorer import load_scorer
from newsvol.replays.evaluation.statistics import (
    diebold_mariano,
    model_confidence_set,
    newey_west_lag,
)
from newsvol.replays.evaluation.volatility.evaluation import Request, evaluate
from newsvol.replays.simulation.recipe import load_recipe
from newsvol.replays.tapes.importing import ImportRequest, import_tape
from newsvol.replays.tapes.schedules import load_schedule, us_events
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.history import measure_history
from newsvol.signals.volatility.losses import qlike

NEWS = ("polygon_spy", "bbc_business", "trump_truth")
FED = ("Fed Interest Rate Decision", "FOMC Minutes", "FOMC Press Conference")
HOURS = (
    "diurnal-ewma",
    "har-p",
    "log-har-p",
    "log-har-p-leverage",
    "log-har-p-full",
    "har-qlike",
    "har-blend",
)


def minutes(data: Path) -> dict[str, Any]:
    """Evaluate every forecaster on the last third of the SPY minutes."""
    tape = import_tape(
        ImportRequest(
            bars=(data / "bars/spy_1min_2024-02-20_2025-04-11.parquet",),
            news=tuple(data / f"news/{name}.csv" for name in NEWS),
        )
    ).tape
    probs = load_scorer("student").probabilities(tape.news.headline.tolist())
    schedule = load_schedule(us_events())
    found = evaluate(tape, load_recipe(None), probs, Request(schedule=schedule)).as_json()
    kept = ("span", "noise_floor_qlike", "newey_west_lag", "confidence", "baseline_best", "models", "news")
    return {key: found[key] for key in kept}


def hours(data: Path) -> dict[str, Any]:
    """Score the forecasters on hours against raw HAR with a window of 1,000."""
    tape = import_tape(ImportRequest(bars=(data / "bars/hourly/lean_spy_hour.zip",))).tape
    history = measure_history(tape.bars, tape.sessions)
    forecasts = {"har": FORECASTERS.factory("har")(window=1000, min_window=500).forecast(history)}
    forecasts |= {name: FORECASTERS.factory(name)().forecast(history) for name in HOURS}
    year = history.buckets.open_ns.view("M8[ns]").astype("M8[Y]").astype(int) + 1970
    realized = history.measures.rv
    rows = (year >= 2006) & (realized > 0)
    rows &= np.all([np.isfinite(f) & (f > 0) for f in forecasts.values()], axis=0)
    losses = {name: qlike(realized[rows], forecast[rows]) for name, forecast in forecasts.items()}
    lag = newey_west_lag(int(rows.sum()), 35)
    members = model_confidence_set(losses, 2 * lag, 7)
    years = np.unique(year[rows])
    by_year = {
        name: {int(y): float(loss[year[rows] == y].mean()) for y in years} for name, loss in losses.items()
    }
    schedule = load_schedule(data / "macro/usd_high_impact_calendar_2014_2022.csv", FED)
    scheduled = FORECASTERS.factory("har-blend-events")(schedule=schedule).forecast(history)
    recent = rows & (year >= 2014)
    before, after = (qlike(realized[recent], f[recent]) for f in (forecasts["har-blend"], scheduled))
    raw = qlike(realized[recent], forecasts["har"][recent]).mean()
    return {
        "events": {
            "names": FED,
            "buckets": int(recent.sum()),
            "har_qlike": float(raw),
            "without_qlike": float(before.mean()),
            "with_qlike": float(after.mean()),
            "dm_t": diebold_mariano(before, after, lag).t,
        },
        "buckets": int(rows.sum()),
        "proxy": history.proxy,
        "newey_west_lag": lag,
        "models": {
            name: {
                "qlike": float(loss.mean()),
                "vs_har_pct": 100 * float(loss.mean() / losses["har"].mean() - 1),
                "dm_har_t": None if name == "har" else diebold_mariano(losses["har"], loss, lag).t,
                "mcs_p": members[name],
                "years_better": int(sum(by_year[name][int(y)] < by_year["har"][int(y)] for y in years)),
                "by_year": by_year[name],
            }
            for name, loss in losses.items()
        },
        "years": len(years),
    }


def main() -> None:
    """Evaluate, print, and write the results file."""
    options = parser(__doc__).parse_args()
    result = {
        "command": "python benchmarks/forecasts.py --data DIR --out benchmarks/results/forecasts.json",
        "minutes": minutes(options.data),
        "hours": hours(options.data),
        "machine": machine(),
        "versions": versions(),
    }
    publish(result, options.out)


if __name__ == "__main__":
    main()
