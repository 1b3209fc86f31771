"""Realized measures of two million bars, and 18,846 refits of a rolling HAR, beside what others use for them.

    python benchmarks/volatility.py [--out FILE.json] [--repeats 7]

One process, one thread, CPU seconds. Every peer's coefficients are compared with the kernel's, so that all
are timed on the same work. statsmodels' loop and arch's HARX are timed on some of the windows and counted per
refit; the rest do all of them.
"""

import os
import statistics
import time
from collections.abc import Callable

# before numpy is imported: its threads would count as CPU seconds
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import statsmodels.api as sm
from arch.univariate import HARX
from numba import njit
from results_file import parser, publish
from statsmodels.regression.rolling import RollingOLS

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_MINUTE, FloatArray
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.engine.provenance import machine, versions
from newsvol.signals.volatility.buckets import BucketFrame, cut_sessions
from newsvol.signals.volatility.gaps import gap_lengths
from newsvol.signals.volatility.har import LAGS, HarConfig, HarState
from newsvol.signals.volatility.har_nb import HarArrays, walk_forward_nb
from newsvol.signals.volatility.measures import bar_arrays
from newsvol.signals.volatility.measures_nb import N_MEASURES, realized_measures_nb

SESSIONS = 5_128
MINUTES = 390
ROWS = 20_000
WINDOW = 1_000
REFITS = ROWS - WINDOW - max(LAGS)
STATSMODELS_REFITS, ARCH_REFITS = 2_000, 200


@njit(cache=True)
def live_nb(arrays: HarArrays, values: FloatArray) -> None:
    """Feed the series bucket by bucket, as a live system does."""
    for b in range(len(values)):
        if b > 0:
            arrays.x[b - 1] = values[b - 1]
        walk_forward_nb(b, b + 1, arrays)


def cpu_ms(work: Callable[[], object], repeats: int) -> dict[str, float]:
    """Return process CPU milliseconds of `repeats` runs, after one that is not counted."""
    work()
    taken = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        taken.append(1e3 * (time.process_time() - begun))
    return {
        name: round(how(taken), 3)
        for name, how in (("median", statistics.median), ("min", min), ("max", max))
    }


def make_bars(rng: np.random.Generator) -> tuple[BarFrame, BucketFrame]:
    """Return two million minutes in sessions of 390, and their buckets."""
    opens = 1_600_000_200 * 10**9 + np.arange(SESSIONS) * NS_PER_DAY
    sessions = SessionFrame(opens, opens + MINUTES * NS_PER_MINUTE)
    open_ns = (opens[:, None] + np.arange(MINUTES) * NS_PER_MINUTE).ravel()
    close = 100 * np.exp(np.cumsum(rng.normal(0, 3e-4, len(open_ns))))
    opening = np.concatenate([[100.0], close[:-1]])
    spread = 1 + rng.uniform(0, 2e-4, len(close))
    high, low = np.maximum(opening, close) * spread, np.minimum(opening, close) / spread
    bars = BarFrame(open_ns, open_ns + NS_PER_MINUTE, opening, high, low, close, np.ones(len(close)))
    return bars, cut_sessions(sessions)


def measure_with_pandas(bars: BarFrame, buckets: BucketFrame) -> pd.DataFrame:
    """The seven measures that a groupby gives without a loop: fewer than the kernel's eleven."""
    first_of_session = bars.open_ns % NS_PER_DAY == bars.open_ns[0] % NS_PER_DAY
    base = np.where(first_of_session, bars.open, np.concatenate([[bars.open[0]], bars.close[:-1]]))
    r = np.log(bars.close / base)
    span = np.log(bars.high / bars.low)
    bucket = np.searchsorted(buckets.close_ns, bars.close_ns)
    squared = r * r
    product = np.abs(r) * np.concatenate([[0.0], np.abs(r[:-1])])
    product[np.diff(bucket, prepend=-1) != 0] = 0.0
    columns = {
        "n_obs": np.ones(len(r)),
        "rv": squared,
        "bv": product,
        "rs_up": np.where(r > 0, squared, 0.0),
        "rs_down": np.where(r > 0, 0.0, squared),
        "rq": squared * squared,
        "realized_range": span * span,
    }
    table = pd.DataFrame(columns).groupby(bucket).sum()
    table["bv"] *= np.pi / 2 * table["n_obs"] / (table["n_obs"] - 1)
    table["rq"] *= table["n_obs"] / 3
    table["realized_range"] /= 4 * np.log(2)
    return table


def measures_benchmark(rng: np.random.Generator, repeats: int) -> dict[str, object]:
    """Time the kernel and pandas on the same bars."""
    bars, buckets = make_bars(rng)
    gap_ns = gap_lengths(bars, buckets)

    def kernel() -> FloatArray:
        return np.asarray(
            realized_measures_nb(
                bar_arrays(bars),
                buckets.open_ns,
                buckets.close_ns,
                buckets.session,
                gap_ns,
            )
        )

    peer = measure_with_pandas(bars, buckets).to_numpy()
    np.testing.assert_allclose(kernel()[:, :7], peer, rtol=1e-9)
    ours = cpu_ms(kernel, repeats)
    theirs = cpu_ms(lambda: measure_with_pandas(bars, buckets), repeats)
    return {
        "bars": len(bars),
        "buckets": len(buckets),
        "kernel_measures": N_MEASURES,
        "pandas_measures": peer.shape[1],
        "cpu_ms": {"kernel": ours, "pandas_groupby": theirs},
        "pandas_over_kernel": round(theirs["median"] / ours["median"], 1),
    }


def lag_means(x: FloatArray) -> FloatArray:
    """Return the design of every row with a month before it, shape (n - 154, 5)."""
    total = np.concatenate([[0.0], np.cumsum(x)])
    rows = np.arange(max(LAGS), len(x))
    means = [(total[rows] - total[rows - lag]) / lag for lag in LAGS]
    return np.column_stack([np.ones(len(rows)), *means])


def batched(design: FloatArray, target: FloatArray) -> FloatArray:
    """Coefficients of every window from cumulated normal equations, solved in one call."""
    products = np.concatenate(
        [np.zeros((1, 5, 5)), np.cumsum(design[:, :, None] * design[:, None, :], axis=0)]
    )
    moments = np.concatenate([np.zeros((1, 5)), np.cumsum(design * target[:, None], axis=0)])
    gram = products[WINDOW:-1] - products[: -WINDOW - 1]
    moment = moments[WINDOW:-1] - moments[: -WINDOW - 1]
    return np.linalg.solve(gram, moment[:, :, None])[:, :, 0]


def refits_benchmark(rng: np.random.Generator, repeats: int) -> dict[str, object]:
    """Time the kernel and its peers on the same windows."""
    x = np.zeros(ROWS)
    shocks = rng.normal(0, 0.5, ROWS)
    for i in range(1, ROWS):
        x[i] = 0.8 * x[i - 1] + shocks[i]
    design, target = lag_means(x), x[max(LAGS) :]
    config = HarConfig(WINDOW, WINDOW)

    def states(count: int) -> list[HarState]:
        return [HarState(config, ROWS) for _ in range(count)]

    ready = states(repeats + 1)
    for state in ready:
        state._arrays.x[:] = x
    live = states(repeats + 1)
    timings = {
        "kernel": cpu_ms(lambda: walk_forward_nb(0, ROWS, ready.pop()._arrays), repeats),
        "kernel_live_steps": cpu_ms(lambda: live_nb(live.pop()._arrays, x), repeats),
        "numpy_cumsum_and_batched_solve": cpu_ms(lambda: batched(design, target), repeats),
        "rolling_ols_params_only": cpu_ms(
            lambda: RollingOLS(target[:-1], design[:-1], WINDOW).fit(params_only=True), min(repeats, 3)
        ),
    }

    def statsmodels_loop() -> FloatArray:
        return np.array(
            [
                sm.OLS(target[b : b + WINDOW], design[b : b + WINDOW]).fit().params
                for b in range(STATSMODELS_REFITS)
            ]
        )

    def arch_loop() -> FloatArray:
        spans = (x[b : b + WINDOW + max(LAGS)] for b in range(ARCH_REFITS))
        return np.array(
            [HARX(span, lags=list(LAGS), rescale=False).fit(disp="off").params[:5] for span in spans]
        )

    per_refit_us = {
        "statsmodels_loop": 1e3 * cpu_ms(statsmodels_loop, 1)["median"] / STATSMODELS_REFITS,
        "arch_harx_loop": 1e3 * cpu_ms(arch_loop, 1)["median"] / ARCH_REFITS,
    }
    per_refit_us = {name: round(value, 2) for name, value in per_refit_us.items()}
    for name, taken in timings.items():
        per_refit_us[name] = round(1e3 * taken["median"] / REFITS, 4)
    last = HarState(config, ROWS)
    last.run(x)
    peers = batched(design, target)
    np.testing.assert_allclose(last.beta, peers[-1], rtol=1e-6)
    np.testing.assert_allclose(statsmodels_loop()[7], peers[7], rtol=1e-6)
    np.testing.assert_allclose(arch_loop()[7], peers[7], rtol=1e-6)
    ours = per_refit_us["kernel"]
    return {
        "refits": REFITS,
        "window": WINDOW,
        "columns": 5,
        "cpu_ms": timings,
        "per_refit_us": per_refit_us,
        "times_the_kernel": {
            name: round(value / ours, 1)
            for name, value in per_refit_us.items()
            if not name.startswith("kernel")
        },
    }


def main() -> None:
    """Measure, print, and write the results file."""
    asked = parser(__doc__, data=False)
    asked.add_argument("--repeats", type=int, default=7)
    options = asked.parse_args()
    rng = np.random.default_rng(7)
    result = {
        "command": "python benchmarks/volatility.py --out benchmarks/results/volatility.json",
        "repeats": options.repeats,
        "measures": measures_benchmark(rng, options.repeats),
        "har": refits_benchmark(rng, options.repeats),
        "machine": machine(),
        "versions": {**versions(), "statsmodels": sm.__version__},
    }
    publish(result, options.out)


if __name__ == "__main__":
    main()
