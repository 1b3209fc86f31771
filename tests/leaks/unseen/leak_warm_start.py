"""A three-lag log regression that has a forecast from the start."""

import numpy as np

LAGS = (1, 7, 35)
STEP = 35


def _trailing(values, rows):
    total = np.concatenate([[0.0], np.cumsum(values)])
    now = np.arange(len(values))
    begin = np.maximum(now - rows, 0)
    return (total[now] - total[begin]) / np.maximum(now - begin, 1)


class WarmStart:
    """Corsi's three lags of ln z, refitted every 35 buckets on all buckets before.

    Notes
    -----
    What leaks: before `min_window` buckets there is no fit, and instead of NaN the *first* fit is applied to the rows
    that it was fitted on, so that "the chart starts at the left". Those rows are forecast with coefficients and
    a smearing factor that know up to `min_window` buckets of their future. From row `min_window` on every
    forecast is honest, walk-forward as it should be; whoever looks at the second half finds nothing.

    Why it is realistic: backfilling the burn-in with the first model is common practice, and a backtest
    trades on it like on any other forecast.
    """

    def __init__(self, window=2500, min_window=500):
        self.window = window
        self.min_window = min_window

    def forecast(self, history):
        """Return expected variances, shape (B,); NaN until the diurnal curve is known."""
        z = np.where(history.z > 0, history.z, np.nan)
        n = len(z)
        out = np.full(n, np.nan)
        seen = np.flatnonzero(np.isfinite(z))
        if len(seen) == 0:
            return out
        begin = int(seen[0])
        level = np.log(z[begin:])
        at = np.maximum.accumulate(np.where(np.isfinite(level), np.arange(len(level)), 0))
        filled = level[at]  # the last known value goes on
        x = np.column_stack([np.ones(len(level))] + [_trailing(filled, lag) for lag in LAGS])
        ready = np.arange(len(level)) >= 1
        fitted = np.full(len(level), np.nan)
        first = max(self.min_window - begin, 40)
        for start in range(first, len(level), STEP):
            rows = ready & np.isfinite(level)
            rows[start:] = False
            rows[: max(start - self.window, 0)] = False
            if rows.sum() < 20:
                continue
            gram = x[rows].T @ x[rows] + 1e-6 * np.eye(x.shape[1])
            coefficients = np.linalg.solve(gram, x[rows].T @ level[rows])
            smear = np.log(np.mean(np.exp(level[rows] - x[rows] @ coefficients)))
            stop = min(start + STEP, len(level))
            since = 1 if start == first else start  # the burn-in takes the first fit
            fitted[since:stop] = x[since:stop] @ coefficients + smear
        out[begin:] = np.exp(fitted)
        return history.to_bucket(out * history.diurnal)
