"""Bars per CPU second of a replay: one year of minute bars, 10,000 pre-scored headlines, forecast to equity.

    python benchmarks/replay.py [--out FILE.json] [--repeats 20]

What is timed: realized measures, diurnal curve, log-HAR-P and the four naive forecasts walked forward, news
features, fusion, the latency queue, decisions of vol_target, fills under one model, and the vectorbt
portfolio. What is not: reading the tape, scoring (the headlines are pre-scored), and the report. The peer is
vectorbt alone on the same bars and the same orders, in the same run: what of it is the portfolio.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
from results_file import parser, publish

from newsvol.engine.fills import fill_orders
from newsvol.engine.latency import parse_latency
from newsvol.engine.provenance import machine, versions
from newsvol.replays.simulation.recipe import load_recipe
from newsvol.replays.simulation.service_times import rule_times
from newsvol.replays.simulation.session import Scope, costs_of, model_ticks, run_session
from newsvol.replays.tapes.synth import Market, perfect_reading, synthesize
from newsvol.signals.volatility.history import measure_history
from newsvol.strategies.portfolio import simulate

STRATEGY = "vol_target"


def cpu_seconds(work: Callable[[], object], repeats: int) -> list[float]:
    """Return process CPU seconds of each repeat, after one that is not counted."""
    work()
    taken = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return taken


def main() -> None:
    """Measure, print, and write the results file."""
    asked = parser(__doc__, data=False)
    asked.add_argument("--repeats", type=int, default=20)
    options = asked.parse_args()
    tape, truth = synthesize(Market(sessions=252, headlines=10_000, negative_effect=0.2, positive_effect=0.1))
    probs = perfect_reading(truth)
    recipe = load_recipe(None).with_changes("constant:5", (STRATEGY,))
    latency = parse_latency(recipe.latency.model)

    def forecast_to_decisions() -> object:
        history = measure_history(tape.bars, tape.sessions)
        service = rule_times(latency, model_ticks(tape, history))
        return run_session(tape, recipe, history, probs, service, scope=Scope((STRATEGY,), ()))

    def whole() -> object:
        session = forecast_to_decisions()
        fills = session.strategies[STRATEGY].fills[recipe.fill]
        return simulate(tape.bars, fills, costs_of(recipe), recipe.cash)

    session = forecast_to_decisions()
    fills = session.strategies[STRATEGY].fills[recipe.fill]
    timings = {
        "replay": cpu_seconds(whole, options.repeats),
        "until_decisions": cpu_seconds(forecast_to_decisions, options.repeats),
        "vectorbt_alone": cpu_seconds(
            lambda: simulate(tape.bars, fills, costs_of(recipe), recipe.cash), options.repeats
        ),
        "fills_alone": cpu_seconds(
            lambda: fill_orders(
                tape.bars, fills.ordered_ns, fills.weight, np.ones(len(fills), np.int64), recipe.fill
            ),
            options.repeats,
        ),
    }
    bars = len(tape.bars)
    result = {
        "command": "python benchmarks/replay.py --out benchmarks/results/replay.json",
        "bars": bars,
        "headlines": len(tape.news),
        "wake_ups": len(session.ticks),
        "orders": len(fills),
        "repeats": options.repeats,
        "bars_per_cpu_second": round(bars / statistics.median(timings["replay"])),
        "cpu_ms": {
            name: {
                "median": round(1e3 * statistics.median(t), 3),
                "min": round(1e3 * min(t), 3),
                "max": round(1e3 * max(t), 3),
            }
            for name, t in timings.items()
        },
        "machine": machine(),
        "versions": versions(),
    }
    publish(result, options.out)


if __name__ == "__main__":
    main()
