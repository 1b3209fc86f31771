"""Sessions are those of the exchange."""

import numpy as np
import pandas as pd
import pytest

from newsvol.engine.errors import UnknownNameError
from newsvol.engine.frames import SessionFrame
from newsvol.replays.tapes.calendar import (
    calendar_zone,
    session_dates,
    session_of,
    sessions_between,
    trading_year,
)

MINUTE = 60_000_000_000


def test_sessions_follow_the_calendar():
    sessions = sessions_between("XNYS", pd.Timestamp("2024-07-02").value, pd.Timestamp("2024-07-08").value)
    dates = session_dates(sessions, calendar_zone("XNYS")).astype("datetime64[D]").astype(str)
    assert list(dates) == ["2024-07-02", "2024-07-03", "2024-07-05"]
    assert list((sessions.close_ns - sessions.open_ns) // MINUTE) == [390, 210, 390]
    weekend = sessions_between("XNYS", pd.Timestamp("2024-07-06").value, pd.Timestamp("2024-07-07").value)
    assert len(weekend) == 0


def test_a_session_holds_its_open_and_not_its_close():
    sessions = SessionFrame(open_ns=np.array([10, 30]), close_ns=np.array([20, 40]))
    assert list(session_of(sessions, np.array([9, 10, 19, 20, 30, 40]))) == [-1, 0, 0, -1, 1, -1]
    assert list(session_of(sessions.take(slice(0, 0)), np.array([9, 10]))) == [-1, -1]


def test_an_unknown_calendar_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="unknown calendar 'XNYSE'; did you mean 'XNYS'"):
        calendar_zone("XNYSE")


def test_a_session_has_the_date_of_its_own_zone():
    opened = pd.Timestamp("2024-07-02 23:30", tz="UTC").value
    sessions = SessionFrame(np.array([opened]), np.array([opened + 60 * MINUTE]))
    for zone, date in (("UTC", "2024-07-02"), ("Asia/Tokyo", "2024-07-03")):
        assert session_dates(sessions, zone).astype("datetime64[D]").astype(str).tolist() == [date]


def daily(first: str, count: int, hours: int) -> SessionFrame:
    opens = pd.Timestamp(first).value + np.arange(count) * 24 * 60 * MINUTE
    return SessionFrame(opens, opens + hours * 60 * MINUTE)


def test_a_year_has_the_sessions_and_the_hours_of_its_calendar():
    days = daily("2024-02-20 14:30", 3, 6)
    assert trading_year("XNYS", days).sessions == pytest.approx(252, abs=1)
    assert trading_year("XNYS", days).hours == pytest.approx(252 * 6.5, abs=15)  # half-days end early
    assert trading_year("24/7", days).sessions == 365.25
    assert trading_year("24/7", days).hours == 365.25 * 24


def test_a_year_is_known_before_the_tape_begins_and_stays_as_the_tape_grows():
    assert trading_year("XNYS", daily("2024-02-20 14:30", 1, 6)) == trading_year(
        "XNYS", daily("2024-02-20 14:30", 400, 6)
    )


def test_a_calendar_that_begins_with_the_tape_gives_the_year_of_the_tape():
    # XSAU is recorded from 2021 on
    year = trading_year("XSAU", daily("2021-02-01 07:00", 100, 5))
    assert (year.sessions, year.hours) == pytest.approx((365.25, 365.25 * 5))


def test_a_year_of_an_unknown_calendar_is_refused():
    with pytest.raises(UnknownNameError, match="unknown calendar 'NOWHERE'"):
        trading_year("NOWHERE", daily("2024-02-20 14:30", 1, 6))
