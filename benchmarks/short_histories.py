"""A few days of history: forecasts shrunk towards a prior, beside naive ones.

    python benchmarks/short_histories.py --data DIR [--out FILE.json]

DIR is the folder of third-party data. The prior of a row knows neither the symbol nor a bar from the span on:
the nine symbols of 2025 have that of SPY's minutes of 2024-25, but SPY itself, of which nothing else is there
than hours of AAPL of 1998 to 2021; SPY's minutes of 2024-25 have that of the hours, too. One row is an
exception: pieces of AAPL's hours have the prior of SPY's minutes, which is hindsight, and good for choosing
only. The constants of `signals.volatility.prior` were chosen on those and on pieces of thirty sessions of SPY
2024-25; the nine symbols chose nothing, but had been looked at.

Scored from the fourth session on, against the better of two naive forecasts: diurnal x EWMA with the curve
that the prior gives it, and with the tape's own as it comes. The shipped decay is .94 a bucket, which is slow
for hours; so a faster one stands beside it, whose decay was chosen on SPY 2024-25. Thinned: some minutes of
real stocks are dropped and their prices rounded, so that buckets lack bars, or do not move.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from results_file import parser, publish

from newsvol.engine.arrays import FloatArray
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.engine.provenance import machine, versions
from newsvol.replays.evaluation.statistics import diebold_mariano, newey_west_lag
from newsvol.replays.tapes.importing import ImportRequest, import_tape
from newsvol.replays.tapes.schedules import load_schedule, us_events
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.diurnal import CAP
from newsvol.signals.volatility.history import VolHistory, measure_history
from newsvol.signals.volatility.losses import qlike
from newsvol.signals.volatility.naive import DiurnalEwma
from newsvol.signals.volatility.panel import PanelTape, fit_prior
from newsvol.signals.volatility.prior import WARM_UP, Prior

SYMBOLS = ("SPY", "QQQ", "SMH", "MU", "NTAP", "PSTG", "SMCI", "STX", "WDC")
SHRUNK = ("log-har-p", "log-har-p-full", "log-har-p-events", "har-blend-events", "aggregate")
NAIVE = ("diurnal-ewma", "own-curve-ewma")
FAST = ("fast-ewma", "own-curve-fast-ewma")
FAST_DECAY = 0.7
"""The decay that is best on thirty-session pieces of SPY 2024-25, of .94, .9, .8, .7 and .6."""
SPLITS = "date,ratio\n2000-06-21,2\n2005-02-28,2\n2014-06-09,7\n2020-08-31,4\n"
THINNED = ((0.3, 0.05), (0.1, 0.05), (0.1, 0.25), (0.03, 0.25))
"""Share of the minutes that is kept, and the tick that prices are rounded to."""

SCHEDULE = load_schedule(us_events())


def read(data: Path) -> dict[str, PanelTape]:
    """Return the tapes by name."""
    with tempfile.TemporaryDirectory() as scratch:
        splits = Path(scratch) / "splits.csv"
        splits.write_text(SPLITS)
        asked = {
            "spy-2024": ImportRequest(bars=(data / "bars/spy_1min_2024-02-20_2025-04-11.parquet",)),
            "aapl-hours": ImportRequest(bars=(data / "bars/hourly/lean_aapl_hour.zip",), splits=splits),
        }
        asked |= {
            name: ImportRequest(bars=(data / f"bars/universe_1min/{name}.parquet",)) for name in SYMBOLS
        }
        tapes = {name: import_tape(request).tape for name, request in asked.items()}
    return {
        name: PanelTape(name, tape.days(), tape.content_hash(), tape.bars, tape.sessions)
        for name, tape in tapes.items()
    }


def own_curve(tape: PanelTape) -> VolHistory:
    """Return the history with the tape's own curve from its second session on."""
    history = measure_history(tape.bars, tape.sessions)
    slots, session = history.buckets.n_slots, history.buckets.session
    total, factor = np.zeros(slots), np.full(len(session), np.nan)
    for one in np.unique(session):
        rows = np.flatnonzero(session == one)
        if total.any():
            factor[rows] = (total / total.mean())[history.buckets.slot[rows]]
        today = history.intensity[rows]
        if len(rows) == slots and (today > 0).all():
            total += np.minimum(CAP, today / today.mean())
    return replace(history, diurnal=factor, z=history.intensity / factor)


def forecasts_of(tape: PanelTape, prior: Prior) -> tuple[VolHistory, dict[str, FloatArray]]:
    """Return every forecast of the tape's buckets, shape (B,) each."""
    history = measure_history(tape.bars, tape.sessions, prior)
    slow, fast, own = DiurnalEwma(), DiurnalEwma(FAST_DECAY), own_curve(tape)
    found = {"diurnal-ewma": slow.forecast(history), "own-curve-ewma": slow.forecast(own)}
    found |= {"fast-ewma": fast.forecast(history), "own-curve-fast-ewma": fast.forecast(own)}
    for name in SHRUNK:
        given = {"prior": prior, **({"schedule": SCHEDULE} if not name.endswith(("-p", "-full")) else {})}
        found[name] = FORECASTERS.factory(name)(**given).forecast(history)
    return history, found


def losses_of(tape: PanelTape, prior: Prior, sessions: int | None = None) -> dict[str, FloatArray]:
    """Return QLIKE from the fourth session on, of the first `sessions` or of all, shape (n,) each."""
    history, found = forecasts_of(tape, prior)
    realized, place = history.measures.rv, np.arange(len(history.buckets))
    rows = (place > WARM_UP) & (realized > 0)
    if sessions is not None:
        rows &= history.buckets.session < history.buckets.session[0] + sessions
    rows &= np.all([np.isfinite(one) & (one > 0) for one in found.values()], axis=0)
    return {name: qlike(realized[rows], one[rows]) for name, one in found.items()}


def compared(losses: dict[str, FloatArray]) -> dict[str, Any]:
    """Return mean QLIKE by name, and each shrunk forecast against the better naive one."""
    mean = {name: float(loss.mean()) for name, loss in losses.items()}
    rival, faster = (min(names, key=lambda name: mean[name]) for names in (NAIVE, FAST))
    lag = newey_west_lag(len(losses[rival]), 7)
    return {
        "buckets": len(losses[rival]),
        "naive": rival,
        "fast": faster,
        "qlike": mean,
        "vs_naive_pct": {name: 100 * (mean[name] / mean[rival] - 1) for name in SHRUNK},
        "dm_t": {name: diebold_mariano(losses[rival], losses[name], lag).t for name in SHRUNK},
        "vs_fast_pct": {name: 100 * (mean[name] / mean[faster] - 1) for name in SHRUNK},
        "dm_t_fast": {name: diebold_mariano(losses[faster], losses[name], lag).t for name in SHRUNK},
    }


def pieces(tape: PanelTape, length: int, apart: int) -> list[PanelTape]:
    """Return stretches of `length` sessions, each beginning `apart` after the one before."""
    return [cut(tape, begin, begin + length) for begin in range(0, len(tape.sessions) - length + 1, apart)]


def cut(tape: PanelTape, begin: int, end: int) -> PanelTape:
    """Return the sessions from `begin` to `end`, as a tape of their own."""
    sessions: SessionFrame = tape.sessions.take(slice(begin, end))
    inside = (tape.bars.open_ns >= sessions.open_ns[0]) & (tape.bars.close_ns <= sessions.close_ns[-1])
    return replace(tape, bars=tape.bars.take(inside), sessions=sessions)


def thin(tape: PanelTape, kept: float, tick: float) -> PanelTape:
    """Return the tape with a share of its minutes, prices rounded to `tick`."""
    bars: BarFrame = tape.bars.take(np.random.default_rng(0).random(len(tape.bars)) < kept)
    opened, close, high, low = (
        np.round(price / tick) * tick for price in (bars.open, bars.close, bars.high, bars.low)
    )
    top, bottom = np.maximum(opened, close), np.minimum(opened, close)
    rounded = {"open": opened, "close": close, "high": np.maximum(high, top), "low": np.minimum(low, bottom)}
    return replace(tape, bars=replace(bars, **rounded))


def pooled(tapes: Sequence[PanelTape], prior: Prior) -> dict[str, Any]:
    """Return `compared` over the buckets of several tapes together."""
    each = [losses_of(tape, prior) for tape in tapes]
    return compared({name: np.concatenate([one[name] for one in each]) for name in each[0]})


def whole(tape: PanelTape, prior: Prior) -> dict[str, Any]:
    """Return what the prior costs or gains where a tape is long enough without it."""
    shrunk_history, plain_history = (measure_history(tape.bars, tape.sessions, one) for one in (prior, None))
    realized, found = plain_history.measures.rv, {}
    for name in SHRUNK:
        given = {"schedule": SCHEDULE} if not name.endswith(("-p", "-full")) else {}
        plain = FORECASTERS.factory(name)(**given).forecast(plain_history)
        shrunk = FORECASTERS.factory(name)(prior=prior, **given).forecast(shrunk_history)
        first = FORECASTERS.factory("har")().forecast(plain_history)
        rows = np.isfinite(plain) & np.isfinite(shrunk) & np.isfinite(first) & (realized > 0)
        third = rows & (np.arange(len(rows)) >= len(rows) * 2 // 3)
        found[name] = {
            span: {
                "buckets": int(chosen.sum()),
                "with": float(qlike(realized[chosen], shrunk[chosen]).mean()),
                "without": float(qlike(realized[chosen], plain[chosen]).mean()),
            }
            for span, chosen in (("both", rows), ("last third", third))
        }
    return found


def main() -> None:
    """Fit, forecast, print, and write the results file."""
    options = parser(__doc__).parse_args()
    tapes = read(options.data)
    of_spy, of_aapl = (fit_prior([tapes[name]], SCHEDULE) for name in ("spy-2024", "aapl-hours"))
    priors = {name: of_aapl if name == "SPY" else of_spy for name in SYMBOLS}
    thinned = [
        {
            "symbol": name,
            "kept": kept,
            "tick": tick,
            **compared(losses_of(thin(tapes[name], kept, tick), priors[name])),
        }
        for name in ("NTAP", "PSTG", "QQQ", "MU")
        for kept, tick in THINNED
    ]
    result = {
        "command": "python benchmarks/short_histories.py --data DIR --out "
        "benchmarks/results/short_histories.json",
        "symbols": {
            name: {
                "thirty": compared(losses_of(tapes[name], priors[name])),
                "ten": compared(losses_of(tapes[name], priors[name], 10)),
            }
            for name in SYMBOLS
        },
        "chosen_on": {
            "spy pieces": pooled(pieces(tapes["spy-2024"], 30, 32), of_aapl),
            "aapl pieces": pooled(pieces(tapes["aapl-hours"], 30, 400), of_spy),
        },
        "spy_by_ten": pooled(pieces(tapes["spy-2024"], 10, 10), of_aapl),
        "thinned": thinned,
        "whole": whole(tapes["spy-2024"], of_aapl),
        "machine": machine(),
        "versions": versions(),
    }
    publish(result, options.out)


if __name__ == "__main__":
    main()
