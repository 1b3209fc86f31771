"""Sessions of an exchange calendar."""

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pandas as pd

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR, IntArray
from newsvol.engine.errors import UnknownNameError
from newsvol.engine.frames import SessionFrame

YEAR_DAYS: Final = 365.25
PLAN_YEARS: Final = 4
"""Years of a calendar that a mean year is taken from."""


@dataclass(frozen=True)
class TradingYear:
    """A mean year of an exchange calendar: how many sessions it has, and how many hours they last in all."""

    sessions: float
    hours: float


def trading_year(calendar: str, sessions: SessionFrame) -> TradingYear:
    """Return the mean year of `calendar`: 252 sessions of 6.5 hours in New York, 365 of 24 that never close.

    From the four years of the calendar before the first of `sessions`, so that it is known before a tape
    begins and does not change when the tape grows. Where the calendar does not reach back that far, from
    `sessions` themselves.

    Raises
    ------
    UnknownNameError
        No calendar of that name.
    """
    year_ns = YEAR_DAYS * NS_PER_DAY
    first_ns = int(sessions.open_ns[0])
    begins_ns = first_ns - int(PLAN_YEARS * year_ns)
    try:
        planned = sessions_between(calendar, begins_ns, first_ns)
        planned = planned.take((planned.open_ns >= begins_ns) & (planned.open_ns < first_ns))
        years = float(PLAN_YEARS)
    except UnknownNameError:
        raise
    except ValueError:  # exchange_calendars: this calendar begins later
        planned = sessions
        apart_ns = int(np.diff(sessions.open_ns).mean()) if len(sessions) > 1 else NS_PER_DAY
        years = len(sessions) * apart_ns / year_ns
    hours = float((planned.close_ns - planned.open_ns).sum()) / NS_PER_HOUR
    return TradingYear(len(planned) / years, hours / years)


def sessions_between(calendar: str, first_ns: int, last_ns: int) -> SessionFrame:
    """Return the sessions that overlap [first_ns, last_ns].

    Parameters
    ----------
    calendar : str
        A name of ``exchange_calendars``: "XNYS".
    first_ns, last_ns : int
        UTC nanoseconds, both included.

    Returns
    -------
    SessionFrame
        Half-days end early. Empty where the calendar has no session in the span. Known ahead of time,
        so holding the sessions of the future is no look-ahead.

    Raises
    ------
    UnknownNameError
        No calendar of that name.
    """
    from exchange_calendars.errors import NoSessionsError  # noqa: PLC0415 - see `_known`

    # A day on either side: a session can start on the UTC day before or after its own date.
    start = pd.Timestamp(first_ns - NS_PER_DAY, unit="ns").strftime("%Y-%m-%d")
    end = pd.Timestamp(last_ns + NS_PER_DAY, unit="ns").strftime("%Y-%m-%d")
    try:
        known = _known(calendar, start, end)
    except NoSessionsError:
        return SessionFrame(open_ns=np.empty(0, np.int64), close_ns=np.empty(0, np.int64))
    open_ns = known.opens.dt.tz_localize(None).to_numpy().astype("datetime64[ns]").astype(np.int64)
    close_ns = known.closes.dt.tz_localize(None).to_numpy().astype("datetime64[ns]").astype(np.int64)
    inside = (close_ns >= first_ns) & (open_ns <= last_ns)
    return SessionFrame(open_ns=open_ns[inside], close_ns=close_ns[inside])


def calendar_zone(calendar: str) -> str:
    """Return the time zone that the exchange keeps: "America/New_York".

    Raises
    ------
    UnknownNameError
        No calendar of that name.
    """
    # Any month will do: the zone is read from the calendar, the sessions are not.
    return str(_known(calendar, "2024-01-01", "2024-01-31").tz)


def is_of_us(calendar: str) -> bool:
    """Say whether the exchange keeps the time of New York or Chicago: releases of the US move what it trades.

    Raises
    ------
    UnknownNameError
        No calendar of that name.
    """
    return calendar_zone(calendar) in ("America/New_York", "America/Chicago")


def session_of(sessions: SessionFrame, stamps_ns: IntArray) -> IntArray:
    """Return the session with open <= stamp < close of each stamp, -1 where there is none; shape (T,)."""
    if len(sessions) == 0:
        return np.full(len(stamps_ns), -1, dtype=np.int64)
    at = np.searchsorted(sessions.open_ns, stamps_ns, side="right") - 1
    inside = (at >= 0) & (stamps_ns < sessions.close_ns[np.maximum(at, 0)])
    return np.where(inside, at, -1).astype(np.int64)


def session_dates(sessions: SessionFrame, zone: str) -> IntArray:
    """Return the date of each session on its exchange's clock, as whole days since 1970; shape (S,)."""
    local = pd.DatetimeIndex(sessions.open_ns, tz="UTC").tz_convert(zone).tz_localize(None)
    return local.to_numpy().astype("datetime64[D]").astype(np.int64)


@lru_cache(maxsize=16)
def _known(calendar: str, start: str, end: str) -> Any:
    # exchange_calendars takes a third of a second to import and a calendar a tenth to build.
    import exchange_calendars  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            # exchange_calendars 4.13 meets a deprecation of pandas 3.1 in itself; no caller can act on it.
            warnings.simplefilter("ignore", DeprecationWarning)
            return exchange_calendars.get_calendar(calendar, start=start, end=end)
    except exchange_calendars.errors.InvalidCalendarName:
        names = exchange_calendars.get_calendar_names(include_aliases=False)
        raise UnknownNameError("calendar", calendar, names) from None
