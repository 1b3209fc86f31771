"""Walk-forward HAR in plain NumPy: the twin that the kernel is tested against."""

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.signals.har import HarConfig


def walk_forward_python(
    x: FloatArray, config: HarConfig, extra: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return forecast and smearing of every row, as `har.HarState.run` does, for series without gaps.

    A least-squares fit from scratch at every row.
    """
    n = len(x)
    columns = [np.ones(n)]
    for lag in config.lags:
        means = np.full(n, np.nan)
        for b in range(lag, n):
            means[b] = x[b - lag : b].mean()
        columns.append(means)
    design = np.column_stack([*columns, *(extra.T if extra is not None else [])])
    first = max(config.lags)
    forecast, smearing, ratio = (np.full(n, np.nan) for _ in range(3))
    for b in range(first + config.min_window, n):
        oldest = max(first, b - config.window)
        beta = np.linalg.lstsq(design[oldest:b], x[oldest:b], rcond=None)[0]
        past = x[oldest:b]
        if b == first + config.min_window:
            ratio[oldest:b] = np.exp(past - design[oldest:b] @ beta)
        fitted = design[b] @ beta
        forecast[b] = fitted if past.min() <= fitted <= past.max() else past.mean()
        ratio[b] = np.exp(x[b] - forecast[b])
        smearing[b] = ratio[oldest:b].mean() if config.is_log else 1.0
    return forecast, smearing
