"""Walk-forward ridge in plain NumPy: the twin that the kernel is tested against."""

import numpy as np

from newsvol.engine.arrays import FloatArray


def ridge_walk_python(
    x: FloatArray, y: FloatArray, min_rows: int, window: int, ridge: float
) -> tuple[FloatArray, FloatArray]:
    """Return beta and centre, shape (B, K) each; same contract as `ridge_nb.ridge_walk_nb`."""
    beta, centre = np.zeros_like(x), np.zeros_like(x)
    for b in range(len(x)):
        rows = np.flatnonzero(np.isfinite(y[:b]))[-window:]
        if len(rows) < min_rows:
            continue
        centre[b] = x[rows].mean(axis=0)
        deviation = x[rows] - centre[b]
        spread = np.sqrt((deviation**2).mean(axis=0))
        live = spread > 1e-6
        scaled = deviation[:, live] / spread[live]
        gram = scaled.T @ scaled + ridge * np.eye(live.sum())
        beta[b, live] = np.linalg.solve(gram, scaled.T @ (y[rows] - y[rows].mean())) / spread[live]
    return beta, centre
