"""Leak: a model that is trained on the first 70% of the rows also trades them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class TrainSplit:
    """Trade a ridge regression of the next row's return on news, volatility, time of day and the last move.

    Parameters
    ----------
    train_share : float
        Share of the rows that the regression is fitted on.
    ridge : float
        Rows of evidence for "nothing is predictable".

    Notes
    -----
    What leaks: the rows of the training span are traded with coefficients that were fitted to their own next
    returns. The span's end is a share of `len(frame)`, so the rows after it are not wholly honest either:
    the coefficients depend on how long the sample will be.

    Why it is realistic: the split is there, and the research notebook scored the test part only. The
    backtest runs over everything.
    """

    train_share: float = 0.7
    ridge: float = 5.0

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def decide(self, frame):
        """Return target weights, shape (M,)."""
        weight = np.full(len(frame), np.nan)
        if len(frame) == 0:
            return weight
        with np.errstate(invalid="ignore", divide="ignore"):
            deviation = np.sqrt(frame.variance)
            move = np.clip((frame.close / frame.anchor - 1.0) / deviation, -5.0, 5.0)
            following = np.append(np.diff(np.log(frame.close)), np.nan) / deviation
            features = np.column_stack(
                [frame.tone, np.log(frame.annual_vol), move, *(frame.slot == slot for slot in range(7))]
            ).astype(np.float64)
        usable = np.isfinite(features).all(axis=1)
        split = int(self.train_share * len(frame))
        train = usable & np.isfinite(following) & (np.arange(len(frame)) < split)
        if train.sum() < 50:
            return weight
        centre, spread = features[train].mean(axis=0), features[train].std(axis=0)
        x = (features - centre) / np.where(spread > 0, spread, 1.0)
        y = np.clip(following[train], -5.0, 5.0)
        gram = x[train].T @ x[train] + self.ridge * np.eye(x.shape[1])
        slopes = np.linalg.solve(gram, x[train].T @ (y - y.mean()))
        predicted = y.mean() + x[usable] @ slopes
        weight[usable] = np.clip(np.round(predicted / 0.2, 1), -1.0, 1.0)
        return weight
