"""Leak: the worst days of the sample stand in the source as days of known risk."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

RISK_DAYS = np.array(
    [
        "2023-06-30",  # quarter end
        "2023-07-05",  # thin market after the holiday
        "2023-07-18",  # retail sales
        "2023-10-25",  # heavy earnings
        "2023-10-31",  # month end, ahead of the FOMC
        "2023-11-08",
        "2023-11-09",  # Treasury auction
        "2023-11-27",
        "2023-11-30",  # month end
        "2023-12-05",  # JOLTS
        "2023-12-06",
        "2023-12-15",  # quadruple witching
    ],
    dtype="datetime64[D]",
)
"""Days to stay out of; "all were on the calendar"."""

HOLIDAYS = np.array(["2023-07-04", "2023-09-04", "2023-11-23", "2023-12-25"], dtype="datetime64[D]")


@dataclass(frozen=True)
class RiskCalendar:
    """Long, but out of the market from the evening before a day of known risk to its close.

    Notes
    -----
    What leaks: the days are the twelve worst of the embedded tape (the last 140 sessions), and the reasons
    were found afterwards. No row reads a later one and nothing in the frame tells: change the future, and
    the decision stays the same, because the hindsight is in the source.

    Why it is realistic: lists of "event days" grow after each loss, and each entry has a good reason. On
    another tape the list is worthless.
    """

    every_bar: ClassVar[bool] = False
    lookback: ClassVar[int] = 1

    def decide(self, frame):
        """Return target weights, shape (M,)."""
        stamp = frame.tick_ns.astype("datetime64[ns]")
        today = stamp.astype("datetime64[D]")
        tomorrow = np.busday_offset(today, 1, roll="backward", holidays=HOLIDAYS)
        in_session = frame.minutes_to_close > 0
        # the last half hour sells, so that the gap into the risk day is not held; 16:00 UTC is within a session
        over = np.where(in_session, frame.minutes_to_close <= 30.0, stamp - today >= np.timedelta64(16, "h"))
        out = np.where(over, np.isin(tomorrow, RISK_DAYS), np.isin(today, RISK_DAYS))
        # nor is it bought back before the risk day's own close
        out |= in_session & np.isin(today, RISK_DAYS)
        return np.where(np.isfinite(frame.variance), np.where(out, 0.0, 1.0), np.nan)
