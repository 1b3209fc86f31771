"""A series from outside the tape as a column."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR
from newsvol.engine.errors import InputError
from newsvol.signals.volatility.buckets import BucketFrame, cut_sessions
from newsvol.signals.volatility.exogenous import STALE_NS, TRAILING, Exogenous, ExogenousColumn
from newsvol.signals.volatility.har_specifications import HAR_SPECIFICATIONS, IN_LOGS, Blend, build_har
from newsvol.signals.volatility.history import measure_history


@pytest.fixture
def buckets(make_sessions) -> BucketFrame:
    return cut_sessions(make_sessions(3))


def column(stamps, values, transform="level") -> ExogenousColumn:
    series = Exogenous(np.array(stamps, dtype=np.int64), np.array(values, dtype=np.float64))
    return ExogenousColumn("vix", series, transform)


def test_a_bucket_reads_the_last_value_that_was_known_when_it_began(buckets):
    opens = buckets.open_ns
    found = column([opens[2], opens[5] + 1, opens[9] - 1], [1.0, 5.0, 9.0])
    assert found.rows(buckets)[:11].tolist() == [-1, -1, 0, 0, 0, 0, 1, 1, 1, 2, 2]
    np.testing.assert_allclose(found.column(buckets)[:11], [0, 0, 0, 0, 0, 0, 2, 2, 2, 4, 4])


def test_what_becomes_known_overnight_is_too_late_for_the_first_bucket(buckets):
    """It is forecast as the session before ends."""
    closes = buckets.close_ns
    found = column([closes[6], closes[13] + 1], [1.0, 2.0])
    assert found.rows(buckets)[[6, 7, 13, 14, 15]].tolist() == [-1, 0, 0, 0, 1]


def test_a_value_that_is_too_old_says_nothing(buckets):
    first = int(buckets.open_ns[0])
    assert column([first - STALE_NS], [3.0]).rows(buckets)[:2].tolist() == [0, -1]


def test_the_transforms():
    values = np.exp(np.random.default_rng(0).normal(3, 0.2, 60))
    stamps = np.arange(60) * NS_PER_DAY
    level = column(stamps, values).transformed()
    logs = column(stamps, values, "log_level").transformed()
    for row in (0, 1, 30, 59):
        last = slice(max(row - TRAILING + 1, 0), row + 1)
        assert level[row] == pytest.approx(values[row] - values[last].mean())
        assert logs[row] == pytest.approx(np.log(values[row]) - np.log(values[last]).mean())
    change = column(stamps, values, "log_change").transformed()
    np.testing.assert_allclose(change[1:], np.log(values[1:] / values[:-1]))
    assert change[0] == 0


@given(seed=st.integers(0, 1000), cut=st.integers(0, 20), transform=st.sampled_from(["level", "log_level"]))
def test_what_becomes_known_later_changes_nothing_before(make_sessions, seed, cut, transform):
    buckets = cut_sessions(make_sessions(3))
    rng = np.random.default_rng(seed)
    stamps = (
        int(buckets.open_ns[0]) + np.sort(rng.choice(np.arange(-48, 72), 30, replace=False)) * NS_PER_HOUR
    )
    values = rng.lognormal(3, 0.3, 30)
    other = np.where(stamps > buckets.forecast_ns[cut], values * rng.lognormal(0, 1, 30), values)
    before, after = (column(stamps, given, transform).column(buckets)[: cut + 1] for given in (values, other))
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("stamps", "values", "words"),
    [([], [], "no value"), ([5, 5], [1, 2], "at once"), ([5, 4], [1, 2], "out of order")],
)
def test_a_series_is_in_order(stamps, values, words):
    with pytest.raises(InputError, match=words):
        Exogenous(np.array(stamps, dtype=np.int64), np.array(values, dtype=np.float64))


@pytest.mark.parametrize("transform", ["log_level", "log_change"])
def test_what_has_no_log_is_refused(transform):
    with pytest.raises(InputError, match="vix is not positive everywhere, so it has no log"):
        column([1, 2], [1.0, 0.0], transform)
    assert column([1, 2], [1.0, -1.0]).transformed().tolist() == [0.0, -1.0]
    with pytest.raises(InputError, match="transform 'log' is none of: log_level, log_change, level"):
        column([1], [1.0], "log")


@pytest.mark.parametrize("name", HAR_SPECIFICATIONS)
def test_regressions_in_logs_read_it_and_the_others_do_not(name):
    built = build_har(name, exogenous=column([1], [1.0]))
    members = built.members if isinstance(built, Blend) else (built,)
    assert {member.exogenous is not None for member in members} == {name in IN_LOGS}
    assert (name in IN_LOGS) == all(member.is_log for member in members)


def test_a_series_that_drives_the_variance_is_found(make_sessions, make_bars):
    """Each session's own level is told an hour before the session before it closes."""
    sessions = make_sessions(90)
    bars = make_bars(sessions, 4)
    history = measure_history(bars, sessions)
    of_session = np.log([np.mean(history.intensity[history.buckets.session == day]) for day in range(90)])
    told = column(sessions.close_ns - NS_PER_DAY - NS_PER_HOUR, of_session, "level")
    har = build_har("log-har-p", 200, 100, exogenous=told)
    state, forecast = har.run(history)
    plain = build_har("log-har-p", 200, 100).forecast(history)
    assert state.columns[-1] == "outside vix"
    assert state.beta[-1] > 0
    rows = np.isfinite(forecast)
    error, without = (np.log(history.measures.rv / variance)[rows].std() for variance in (forecast, plain))
    assert error < without
