"""Service times: what each tick is charged, by rule, by measuring, or from an earlier run."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.frames import DecisionFrame
from newsvol.engine.latency import Latency
from newsvol.engine.ticks import TickFrame, TickKind
from newsvol.strategies.contract import decide_columns
from newsvol.strategies.protocol import Strategy


@dataclass(frozen=True)
class ServiceTimes:
    """What the models take at each of Q model ticks.

    `score_ns`, `forecast_ns` : IntArray, shape (Q,).
    """

    score_ns: IntArray
    forecast_ns: IntArray


Decide = Callable[[str, Strategy, DecisionFrame], tuple[FloatArray, IntArray]]
"""Gives the weight that a strategy decides at each row of its frame, and what that takes, shape (M,) each."""


def rule_times(latency: Latency, ticks: TickFrame) -> ServiceTimes:
    """Return the service times of ``zero`` and ``constant``: scoring for headlines, forecasting otherwise."""
    is_headline = ticks.kind == TickKind.HEADLINE
    charge = np.full(len(ticks), latency.service_ns, dtype=np.int64)
    return ServiceTimes(np.where(is_headline, charge, 0), np.where(is_headline, 0, charge))


def decide_free(name: str, strategy: Strategy, frame: DecisionFrame) -> tuple[FloatArray, IntArray]:
    """Decide in one call, and charge nothing for it."""
    return decide_columns(name, strategy, frame), np.zeros(len(frame), dtype=np.int64)
