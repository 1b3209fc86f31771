"""Walk-forward HAR in plain NumPy: the twin that the kernel is tested against."""

import numpy as np

from newsvol.engine.arrays import FloatArray
from newsvol.signals.har import HarConfig


def walk_forward_python(
    x: FloatArray, config: HarConfig, extra: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return forecast and smearing of every row, as `har.HarState.run` does.

    A least-squares fit from scratch at every row. Missing rows are not fitted on, and means skip them.
    """
    n = len(x)
    beside = np.empty((n, 0)) if extra is None else extra
    design = np.column_stack([np.ones(n), _lag_means(x, config.lags), beside])
    known = np.isfinite(design).all(axis=1)
    usable = known & np.isfinite(x)
    forecast, smearing, ratio = (np.full(n, np.nan) for _ in range(3))
    for b in np.flatnonzero(known):
        rows = np.flatnonzero(usable[:b])[-config.window :]
        if len(rows) < config.min_window:
            continue
        past = x[rows]
        # a variance is a millionth of the constant beside it: least squares wants columns of one size
        size = np.linalg.norm(design[rows], axis=0)
        beta = np.linalg.lstsq(design[rows] / size, past, rcond=None)[0] / size
        if np.isnan(smearing[:b]).all():
            ratio[rows] = np.exp(past - design[rows] @ beta)
        fitted = design[b] @ beta
        forecast[b] = fitted if past.min() <= fitted <= past.max() else np.nanmean(x[rows[0] : b])
        smearing[b] = np.nanmean(ratio[rows[0] : b]) if config.is_log else 1.0
        ratio[b] = np.exp(x[b] - forecast[b])
    return forecast, smearing


def _lag_means(x: FloatArray, lags: tuple[int, ...]) -> FloatArray:
    """Return the mean of the known values in each lag, shape (B, L); where none is, the next longer mean."""
    means = np.full((len(x), len(lags)), np.nan)
    start = int(np.argmax(np.isfinite(x))) if np.isfinite(x).any() else len(x)
    for j in reversed(range(len(lags))):
        for b in range(start + lags[j], len(x)):
            window = x[b - lags[j] : b]
            if np.isfinite(window).any():
                means[b, j] = np.nanmean(window)
            elif j + 1 < len(lags):
                means[b, j] = means[b, j + 1]
    return means
