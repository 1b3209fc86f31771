"""How long a headline moves volatility: a study over the whole tape, not a forecast."""

from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.engine.frames import SentimentScores
from newsvol.signals.news.features import CHANNELS, news_features
from newsvol.signals.volatility.history import VolHistory
from newsvol.signals.volatility.trailing import trailing_mean

GRID_HOURS = np.geomspace(0.125, 64.0, 37)
_POINTS = 12
"""Moments of a bucket at which the decaying news is read, to average it over the bucket."""


@dataclass(frozen=True)
class NewsDecay:
    """The half-life that explains the realized variance best.

    `half_life_hours` minimises the residual sum of squares over `GRID_HOURS`; `r2_gain` is the share of the
    variance of ln z that the news adds to slow lags there.
    """

    half_life_hours: float
    r2_gain: float


def study_news_decay(history: VolHistory, scores: SentimentScores, available_ns: IntArray) -> NewsDecay:
    """Profile the half-life of the news effect.

    Regresses ln z on its 35- and 154-bucket means and on the news of each half-life averaged over the bucket
    itself. Short lags stay out: they would carry yesterday's news and hide its decay.

    Notes
    -----
    Not causal, on purpose: it looks at each bucket's own news. Never feed it to a forecast.

    Raises
    ------
    InputError
        Fewer than 100 buckets with history, or no headlines.
    """
    if len(available_ns) == 0:
        raise InputError("the news decay needs headlines, the tape has none")
    z = np.where(history.z > 0, history.z, np.nan)
    log_z = np.log(z)
    slow = np.column_stack(
        [np.ones(len(z)), trailing_mean(log_z, 35, 0.8 * 35), trailing_mean(log_z, 154, 0.8 * 154)]
    )
    rows = np.isfinite(slow).all(axis=1) & np.isfinite(log_z)
    if rows.sum() < 100:
        raise InputError(f"the news decay needs 100 buckets with history, the tape has {rows.sum()}")
    moments = (np.arange(_POINTS) + 0.5) / _POINTS
    length = history.buckets.close_ns - history.buckets.open_ns
    query_ns = (history.buckets.open_ns[:, None] + length[:, None] * moments).astype(np.int64).ravel()
    squares = []
    for hours in GRID_HOURS:
        news = news_features(scores, available_ns, query_ns, (hours,)).reshape(len(z), _POINTS, len(CHANNELS))
        squares.append(
            _residual_squares(np.column_stack([slow, news.mean(axis=1)[:, 1:]])[rows], log_z[rows])
        )
    best = int(np.argmin(squares))
    alone = _residual_squares(slow[rows], log_z[rows])
    total = float(np.var(log_z[rows]) * rows.sum())
    return NewsDecay(float(GRID_HOURS[best]), (alone - squares[best]) / total)


def _residual_squares(design: FloatArray, target: FloatArray) -> float:
    fit = design @ np.linalg.lstsq(design, target, rcond=None)[0]
    return float(np.sum((target - fit) ** 2))
