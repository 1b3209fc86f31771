"""Common mistakes in evaluating volatility forecasts, made on purpose, and how much each flatters.

    python benchmarks/mistakes.py --data DIR [--out FILE.json]

DIR is the folder of third-party data, which is not shipped: SPY minutes and headlines. Every figure is of the
last third of the buckets; docs/mistakes.md quotes the results file. Headlines are only counted here, so that
no sentiment model is needed.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from results_file import parser, publish

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, BoolArray, FloatArray, IntArray
from newsvol.engine.frames import BarFrame
from newsvol.engine.provenance import versions
from newsvol.replays.evaluation.volatility.forecasts import News, forecast_one, fuse, usable
from newsvol.replays.evaluation.volatility.sweep import Grid, TrialForecasts, settings_of
from newsvol.replays.simulation.recipe import Recipe, load_recipe
from newsvol.replays.tapes.importing import ImportRequest, import_tape
from newsvol.replays.tapes.tape import Tape
from newsvol.signals.volatility.history import VolHistory, measure_history
from newsvol.signals.volatility.losses import forecast_losses

BARS = "bars/spy_1min_2024-02-20_2025-04-11.parquet"
NEWS = ("polygon_spy", "bbc_business", "trump_truth")
MODEL = "log-har-p"
WEEK = 35
LAGS = (1, 7, 35, 154)


@dataclass(frozen=True)
class Case:
    """The honest history of the tape, the forecast made from it, and the scored buckets."""

    tape: Tape
    recipe: Recipe
    history: VolHistory
    forecast: FloatArray
    rows: BoolArray

    @property
    def realized(self) -> FloatArray:
        """Realized variance of every bucket."""
        return self.history.measures.rv

    def losses(self, forecast: FloatArray, target: FloatArray | None = None) -> dict[str, float]:
        """Return the losses of `forecast` on the scored buckets, against `target` or what was realized."""
        truth = (self.realized if target is None else target)[self.rows]
        losses = forecast_losses(truth, forecast[self.rows])
        return {key: float(f"{value:.6g}") for key, value in losses.items()}


def main() -> None:
    """Make every mistake, print, and write the results file."""
    options = parser(__doc__).parse_args()
    request = ImportRequest(
        bars=(options.data / BARS,), news=tuple(options.data / f"news/{name}.csv" for name in NEWS)
    )
    result = make_mistakes(import_tape(request).tape, load_recipe(None))
    publish(result, options.out)


def make_mistakes(tape: Tape, recipe: Recipe) -> dict[str, Any]:
    """Return the honest losses, and those of each mistake."""
    history = measure_history(tape.bars, tape.sessions)
    forecast = forecast_one(recipe, history, MODEL)
    count = len(history.buckets)
    rows = usable(history.measures.rv) & usable(forecast) & (np.arange(count) >= count - count // 3)
    case = Case(tape, recipe, history, forecast, np.asarray(rows))
    return {
        "command": "python benchmarks/mistakes.py --data DIR --out benchmarks/results/mistakes.json",
        "tape_hash": tape.content_hash(),
        "model": MODEL,
        "buckets": int(rows.sum()),
        "headlines": len(tape.news),
        "honest": case.losses(forecast),
        "input": scored_against_an_input(case),
        "units": min_max_units(case),
        "delay": no_delay(case),
        "fit": fitted_on_the_test_span(case),
        "versions": versions(),
    }


def scored_against_an_input(case: Case) -> dict[str, Any]:
    """Score against what the forecast was made of: the last bucket, or a nearly known rolling mean."""
    last = np.concatenate([[np.nan], case.realized[:-1]])
    intensity = case.history.intensity
    week = trailing_mean(intensity, WEEK)
    # the mean of the 35 buckets that end with this one; 34 of them had ended when it was forecast
    rolling = np.append(week[1:], np.nan)
    rolling[-1] = intensity[-WEEK:].mean()
    return {
        "persistence, the next bucket": case.losses(case.history.to_bucket(week)),
        "persistence, the rolling week": case.losses(week, rolling),
        "model, the next bucket": case.losses(case.forecast),
        "model, its last input": case.losses(
            case.forecast * 60 / case.history.minutes, last * 60 / np.roll(case.history.minutes, 1)
        ),
    }


def min_max_units(case: Case) -> dict[str, Any]:
    """Report the error after scaling volatility to [0, 1] by the whole sample's least and greatest bucket."""
    vol = np.sqrt(case.realized)
    low, high = np.nanmin(vol), np.nanmax(vol)
    before = np.flatnonzero(case.rows)[0]
    high_before = np.nanmax(vol[:before]) - np.nanmin(vol[:before])
    out: dict[str, Any] = {"mean_bps": round(1e4 * float(vol[case.rows].mean()), 4)}
    constant = np.full(len(vol), np.nanmean(case.realized[:before]))
    for name, forecast in (("model", case.forecast), ("past mean", constant)):
        error = vol[case.rows] - np.sqrt(forecast[case.rows])
        rmse = float(np.sqrt(np.mean(error**2)))
        out[name] = {
            "rmse_bps": round(1e4 * rmse, 4),
            "rmse_of_mean": round(rmse / float(vol[case.rows].mean()), 6),
            "rmse_min_max": round(rmse / float(high - low), 6),
            "rmse_min_max_past": round(rmse / float(high_before), 6),
            "r2_vol": case.losses(forecast)["r2_vol"],
        }
    return out


def no_delay(case: Case) -> dict[str, Any]:
    """Use bars and headlines before they could be known."""
    bars, sessions = case.tape.bars, case.tape.sessions
    minute = measure_history(_shifted(bars, -NS_PER_MINUTE), sessions)
    # an hourly bar stamped at its start and used at its start is the very bucket that is forecast
    ahead = {name: np.append(getattr(case.history, name)[1:], np.nan) for name in ("z", "intensity")}
    hour = replace(case.history, **ahead)
    available_ns = case.tape.news.available_ns
    stamps: dict[str, IntArray] = {
        "news, as available": available_ns,
        "news, an hour early": available_ns - NS_PER_HOUR,
        "news, at midnight of its day": available_ns // NS_PER_DAY * NS_PER_DAY,
    }
    out = {
        "minute bars used at their start": case.losses(forecast_one(case.recipe, minute, MODEL)),
        "hourly bars used at their start": case.losses(forecast_one(case.recipe, hour, MODEL)),
    }
    for name, known_ns in stamps.items():
        counted = News(np.zeros(len(known_ns)), known_ns, np.ones(len(known_ns)))
        features = counted.features(case.history.buckets.open_ns, case.recipe.fusion.half_lives_hours)
        out[name] = case.losses(fuse(case.recipe, case.history, case.forecast, features))
    return out


def fitted_on_the_test_span(case: Case) -> dict[str, Any]:
    """Let the diurnal curve, the coefficients or the choice of settings see the span that is scored."""
    history = case.history
    slot = history.buckets.slot
    mean = np.array([np.nanmean(history.intensity[slot == k]) for k in range(history.buckets.n_slots)])
    curve = (mean / mean.mean())[slot]
    seen = replace(history, diurnal=curve, z=history.intensity / curve)
    available_ns = case.tape.news.available_ns
    counted = News(np.zeros(len(available_ns)), available_ns, np.ones(len(available_ns)))
    bench = TrialForecasts(case.recipe, history, counted)
    settings = settings_of([MODEL], Grid(), with_news=True)
    forecasts = [bench.forecast(point) for point in settings]
    place, first = np.arange(len(case.rows)), int(np.flatnonzero(case.rows)[0])
    covered = np.all([usable(forecast) for forecast in forecasts], axis=0) & usable(case.realized)
    before = replace(case, rows=np.asarray((place < first) & (place >= 2 * first - len(place)) & covered))

    def best_by(training_results: Case) -> FloatArray:
        return min(forecasts, key=lambda forecast: training_results.losses(forecast)["qlike"])

    return {
        "diurnal curve of the whole sample": case.losses(forecast_one(case.recipe, seen, MODEL)),
        "coefficients of the whole sample": case.losses(_in_sample(history)),
        "best settings on a validation span": case.losses(best_by(before)),
        "best settings on the test span": case.losses(best_by(case)),
        "settings tried": len(settings),
    }


def trailing_mean(values: FloatArray, lag: int) -> FloatArray:
    """Return the mean of the `lag` rows before each row, shape (B,)."""
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    out = np.full(len(values), np.nan)
    out[lag:] = (total[lag:-1] - total[: -lag - 1]) / lag
    return out


def _in_sample(history: VolHistory) -> FloatArray:
    """One regression of ln z on its lags over every row, the scored ones included."""
    known = np.flatnonzero(np.isfinite(history.z) & (history.z > 0))
    first = int(known[0])
    log_z = np.log(history.z[first:])
    assert np.isfinite(log_z).all(), "the lagged means below take no missing rows"
    design = np.column_stack([np.ones(len(log_z)), *(trailing_mean(log_z, lag) for lag in LAGS)])
    rows = np.isfinite(design).all(axis=1)
    beta = np.linalg.lstsq(design[rows], log_z[rows], rcond=None)[0]
    fitted = design @ beta
    smearing = float(np.exp(log_z[rows] - fitted[rows]).mean())
    out = np.full(len(history.z), np.nan)
    out[first:] = np.exp(fitted) * smearing * history.diurnal[first:]
    return history.to_bucket(out)


def _shifted(bars: BarFrame, by_ns: int) -> BarFrame:
    return replace(bars, open_ns=bars.open_ns + by_ns, close_ns=bars.close_ns + by_ns)


if __name__ == "__main__":
    main()
