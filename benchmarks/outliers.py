"""What a few bad bars decide: means of QLIKE with and without the worst, and two ways to forgive outliers.

    python benchmarks/outliers.py --data DIR [--out FILE.json]

DIR is the folder of third-party data. Hours of AAPL (splits adjusted) and of SPY, 1998 to 2021, measured by
Garman-Klass: each forecaster as it is, and with `volatility.outlier_bound`. Minutes of SPY: forecasts of RV
and of truncated RV, against the RV of the clean tape; on it, and on one where a close in every 50th session
is off by 3%.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from results_file import parser, publish
from short_histories import SCHEDULE, read

from newsvol.engine.arrays import BoolArray, FloatArray
from newsvol.engine.provenance import machine, versions
from newsvol.replays.tapes.importing import ImportRequest, import_tape
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.history import VolHistory, measure_history
from newsvol.signals.volatility.losses import qlike
from newsvol.signals.volatility.panel import PanelTape

NAMES = ("diurnal-ewma", "har", "log-har-p", "log-har-p-full", "har-blend", "aggregate")
BOUNDED = ("log-har-p", "log-har-p-full", "aggregate")
BOUNDS = (20.0, 10.0)
EVERY_SESSIONS, PRINT = 50, 1.03


def averages(realized: FloatArray, forecast: FloatArray) -> dict[str, float]:
    """Return means of QLIKE, robust and not, and what share of all loss the three worst buckets have."""
    loss = np.sort(qlike(realized, forecast))
    few, some = len(loss) // 1000, len(loss) // 100
    return {
        "mean": float(loss.mean()),
        "without_worst_thousandth": float(loss[: len(loss) - few].mean()),
        "without_worst_hundredth": float(loss[: len(loss) - some].mean()),
        "median": float(np.median(loss)),
        "worst": float(loss[-1]),
        "share_of_three": float(loss[-3:].sum() / loss.sum()),
    }


def usable(history: VolHistory, forecasts: dict[str, FloatArray]) -> BoolArray:
    """Return the rows in which all have a forecast and prices moved."""
    known = [np.isfinite(one) & (one > 0) for one in forecasts.values()]
    return np.asarray((history.measures.rv > 0) & np.all(known, axis=0))


def bounds(tape: PanelTape) -> dict[str, Any]:
    """Return every forecaster's averages, with and without a bound."""
    history = measure_history(tape.bars, tape.sessions)
    found = {name: FORECASTERS.factory(name)().forecast(history) for name in NAMES}
    for name in BOUNDED:
        for bound in BOUNDS:
            forecaster = FORECASTERS.factory(name)(outlier_bound=bound)
            found[f"{name}, bound {bound:.0f}"] = forecaster.forecast(history)
    rows = usable(history, found)
    realized = history.measures.rv[rows]
    return {
        "buckets": int(rows.sum()),
        "models": {name: averages(realized, forecast[rows]) for name, forecast in found.items()},
    }


def spoilt(tape: PanelTape) -> PanelTape:
    """Return the tape with one close in every 50th session off by 3%."""
    opens = tape.sessions.open_ns[::EVERY_SESSIONS]
    at = np.searchsorted(tape.bars.open_ns, opens) + 100
    prices = {name: getattr(tape.bars, name).copy() for name in ("high", "close")}
    prices["close"][at] *= PRINT
    prices["high"][at] = np.maximum(prices["high"][at], prices["close"][at])
    return replace(tape, bars=replace(tape.bars, **prices))


def truncated(tape: PanelTape) -> dict[str, Any]:
    """Return QLIKE of forecasts made of RV and of truncated RV, on the clean tape and on the spoilt one."""
    found: dict[str, Any] = {}
    clean = measure_history(tape.bars, tape.sessions)
    for state, own in (("clean", tape), ("spoilt", spoilt(tape))):
        forecasts = {}
        for measure in ("rv", "truncated_rv"):
            history = measure_history(own.bars, own.sessions, measure=measure)
            for name in ("log-har-p", "log-har-p-full", "log-har-p-events"):
                given = {"schedule": SCHEDULE} if name.endswith("-events") else {}
                forecasts[f"{name} of {measure}"] = FORECASTERS.factory(name)(**given).forecast(history)
        rows = usable(clean, forecasts)
        # what really happened is the clean tape's, whatever was seen
        realized = clean.measures.rv[rows]
        found[state] = {
            name: float(qlike(realized, forecast[rows]).mean()) for name, forecast in forecasts.items()
        }
    return found


def main() -> None:
    """Forecast, print, and write the results file."""
    options = parser(__doc__).parse_args()
    tapes = read(options.data)
    spy = import_tape(ImportRequest(bars=(options.data / "bars/hourly/lean_spy_hour.zip",))).tape
    hours = PanelTape("SPY", spy.days(), spy.content_hash(), spy.bars, spy.sessions)
    result = {
        "command": "python benchmarks/outliers.py --data DIR --out benchmarks/results/outliers.json",
        "hours": {"AAPL": bounds(tapes["aapl-hours"]), "SPY": bounds(hours)},
        "minutes": truncated(tapes["spy-2024"]),
        "machine": machine(),
        "versions": versions(),
    }
    publish(result, options.out)


if __name__ == "__main__":
    main()
