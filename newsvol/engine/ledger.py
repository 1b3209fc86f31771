"""The latency ledger: one row per tick, from the moment it could be known to its fill."""

from dataclasses import dataclass

import numpy as np

from newsvol.engine.arrays import NS_PER_MS, BoolArray, IntArray
from newsvol.engine.frames import Columns

NOT_SENT = -1
"""Stamp of an order that was never sent."""

STAGES = ("queue", "score", "forecast", "decide", "order")
"""Stages whose durations are latency. Waiting for the market to open (ordered to filled) is not."""


@dataclass(frozen=True)
class LatencyLedger(Columns):
    """What happened to each tick, and when; each stamp is at or after the one before it.

    Attributes
    ----------
    kind : IntArray, shape (M,)
        A `TickKind`.
    available_ns, queued_ns, started_ns, scored_ns, forecast_ns, decided_ns : IntArray, shape (M,)
        Known, put on the queue, taken by a worker, sentiment scored, forecast made, weight decided.
    ordered_ns, filled_ns : IntArray, shape (M,)
        The order reached the market, the order filled; `NOT_SENT` where the weight stayed as it was. An
        order that the market never filled has the first stamp and not the second.
    """

    kind: IntArray
    available_ns: IntArray
    queued_ns: IntArray
    started_ns: IntArray
    scored_ns: IntArray
    forecast_ns: IntArray
    decided_ns: IntArray
    ordered_ns: IntArray
    filled_ns: IntArray

    def __post_init__(self) -> None:
        self._require_equal_lengths()
        assert all(np.all(duration >= 0) for duration in self.durations_ns().values()), (
            "a stage went backwards"
        )
        assert np.all((self.available_ns <= self.queued_ns) & (self.queued_ns <= self.started_ns)), (
            "a tick was queued before it was known or after it was taken"
        )
        filled = self.filled_ns != NOT_SENT
        assert np.all(~filled | (self.sent & (self.filled_ns >= self.ordered_ns))), "a fill without its order"

    @property
    def sent(self) -> BoolArray:
        """Which ticks led to an order, shape (M,)."""
        return np.asarray(self.ordered_ns != NOT_SENT)

    def durations_ns(self) -> dict[str, IntArray]:
        """Return the duration of each of `STAGES` and their ``total``, shape (M,) each.

        The order stage is 0 where no order was sent; the stages always sum to the total, which is the
        time from available to the last of decided and ordered.
        """
        last = np.where(self.sent, self.ordered_ns, self.decided_ns)
        return {
            "queue": self.started_ns - self.available_ns,
            "score": self.scored_ns - self.started_ns,
            "forecast": self.forecast_ns - self.scored_ns,
            "decide": self.decided_ns - self.forecast_ns,
            "order": last - self.decided_ns,
            "total": last - self.available_ns,
        }


def percentiles(duration_ns: IntArray) -> dict[str, float]:
    """Return count, mean and p50, p95, p99 and maximum in milliseconds of `duration_ns`, shape (M,).

    Exact order statistics over every tick, so nothing is binned or sampled; ticks arrive on the tape's
    own schedule (open loop), so a queue shows.
    """
    if len(duration_ns) == 0:
        return {"count": 0}
    points = np.percentile(duration_ns, [50, 95, 99, 100], method="higher") / NS_PER_MS
    names = ("p50_ms", "p95_ms", "p99_ms", "max_ms")
    return {
        "count": len(duration_ns),
        "mean_ms": float(duration_ns.mean() / NS_PER_MS),
        **{name: float(value) for name, value in zip(names, points, strict=True)},
    }
