"""A small ridge model of the next tick's return, refitted now and then."""

import time
from typing import ClassVar

import numpy as np

RIDGE = 5.0
LEAST_ROWS = 200


class ServedModel:
    """Weight by a ridge forecast of the next return; the model is kept on the class and refitted by age.

    Notes
    -----
    What leaks: the coefficients are fitted on all rows of whatever frame is handed in first, the last one
    included, so in a replay they are in-sample. They then live in a class attribute and are refitted only
    when they are older than an hour of *wall-clock* time. Every later call in the process, whatever rows it
    is given and whichever instance makes it, gets the same coefficients, so the answer to a cut or altered
    frame equals the answer to the whole one until the hour is over, and a new process gives others.

    Why it is realistic: a time-to-live cache around an expensive fit is what a serving team asks for, and
    ``time.monotonic()`` instead of ``frame.tick_ns`` is the one line that nobody reviews.
    """

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 500

    ttl_s: ClassVar[float] = 3600.0
    _model: ClassVar[tuple | None] = None  # (fitted at, means, scales, coefficients, spread)

    def decide(self, frame):
        """Return tanh(2 * expected / spread), shape (M,); NaN where there is no forecast or no model yet."""
        features = self._features(frame)
        model = self._current(frame, features)
        if model is None:
            return np.full(len(frame), np.nan)
        _, mean, scale, coefficients, spread = model
        expected = ((features - mean) / scale) @ coefficients
        return np.where(np.isfinite(expected), np.tanh(20.0 * expected / spread), np.nan)

    @staticmethod
    def _features(frame):
        with np.errstate(invalid="ignore", divide="ignore"):
            stretch = np.log(frame.close / frame.anchor) / np.sqrt(frame.variance)
            level = np.log(frame.annual_vol)
        return np.column_stack([frame.tone, stretch, level, frame.slot == 0, frame.slot >= 5]).astype(float)

    @classmethod
    def _current(cls, frame, features):
        if cls._model is not None and time.monotonic() - cls._model[0] < cls.ttl_s:
            return cls._model
        target = np.append(np.diff(np.log(frame.close)), np.nan)
        rows = np.isfinite(features).all(axis=1) & np.isfinite(target)
        if rows.sum() < LEAST_ROWS:
            return None
        x, y = features[rows], target[rows]
        mean, scale = x.mean(axis=0), x.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        x = (x - mean) / scale
        coefficients = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ (y - y.mean()))
        cls._model = (time.monotonic(), mean, scale, coefficients, max(float(y.std()), 1e-12))
        return cls._model
