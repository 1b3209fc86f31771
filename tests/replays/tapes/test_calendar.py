"""Sessions are those of the exchange."""

import numpy as np
import pandas as pd
import pytest

from newsvol.engine.errors import UnknownNameError
from newsvol.engine.frames import SessionFrame
from newsvol.replays.tapes.calendar import calendar_zone, session_dates, session_of, sessions_between

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
