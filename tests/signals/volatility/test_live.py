"""Volatility live: the numbers of the columns, to the bit, from nothing but what has ended."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured_markets import markets

from newsvol.engine.arrays import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from newsvol.engine.errors import InputError, PeekingError
from newsvol.engine.frames import BarFrame
from newsvol.signals.volatility.aggregate import build_aggregate
from newsvol.signals.volatility.buckets import COARSE_BAR_NS, BucketFrame, bar_length_ns
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.contract import forecast_columns, require_same_forecasts
from newsvol.signals.volatility.har_specifications import HAR_SPECIFICATIONS, build_har
from newsvol.signals.volatility.history import VolHistory, measure_history
from newsvol.signals.volatility.live import LiveHistory, LiveVolatility
from newsvol.signals.volatility.naive import NAIVE
from newsvol.signals.volatility.prior import Prior, read_prior, us_prior
from newsvol.signals.volatility.protocol import Forecaster
from newsvol.signals.volatility.schedule import Schedule

PRIOR = read_prior(us_prior())
SHRUNK = ["log-har-p+prior", "har-blend-events+prior", "aggregate+prior", "diurnal-ewma+prior"]
"""With the shipped prior: in the curve, and in the regressions that take one."""

BOUNDED = ["log-har-p+bound", "har-blend-events+bound", "aggregate+bound"]
"""With a bound on outliers so narrow that it is often met."""

EVERYONE = [*NAIVE, *HAR_SPECIFICATIONS, "aggregate", *SHRUNK, *BOUNDED]


def prior_of(name: str) -> Prior | None:
    return PRIOR if name.endswith("+prior") else None


def forecaster(name: str, history: VolHistory) -> Forecaster:
    prior, bound = prior_of(name), 1.2 if name.endswith("+bound") else None
    name = name.removesuffix("+prior").removesuffix("+bound")
    if name in NAIVE:
        return FORECASTERS.factory(name)()
    opens = history.buckets.open_ns
    events = Schedule(np.array(["CPI"] * 9, dtype=object), opens[10:100:10] + NS_PER_HOUR // 2)
    if name == "aggregate":
        return build_aggregate(120, 60, events, prior=prior, outlier_bound=bound)
    return build_har(name, 120, 60, events, prior=prior, outlier_bound=bound)


def columns_of(frame: object) -> dict[str, np.ndarray]:
    return {column.name: getattr(frame, column.name) for column in fields(frame)}  # type: ignore[arg-type]


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    assert np.array_equal(found, expected, equal_nan=True)


def assert_grows_like(bars: BarFrame, history: VolHistory) -> None:
    """Every prefix that a live step is handed holds the rows of the whole history, and nothing of its own."""
    live = LiveHistory(bars, history.buckets, history.proxy, history.prior)
    for row in range(len(history.buckets)):
        seen = live.next_bucket()
        assert len(seen.buckets) == row + 1
        for name in ("minutes", "diurnal", "overnight", "night_share"):
            assert_same(getattr(seen, name), getattr(history, name)[: row + 1])
        for name in ("intensity", "z"):
            assert_same(getattr(seen, name)[:row], getattr(history, name)[:row])
            assert np.isnan(getattr(seen, name)[row])
        whole = columns_of(history.measures)
        for name, values in columns_of(seen.measures).items():
            assert_same(values[:row], whole[name][:row])
            assert np.isnan(values[row])
        live.measure_next()


@pytest.mark.parametrize("missing", [0.05, 0.9])
def test_a_history_that_grows_is_the_whole_one(missing, make_sessions, make_bars):
    sessions = make_sessions(40, half_days=[3, 17])
    bars = make_bars(sessions, seed=3, minutes=1, missing=missing)
    history = measure_history(bars, sessions)
    if missing > 0.5:  # what a gap is takes some sessions to learn, and it matters
        assert (history.measures.covered[:42] < 1).any()
    assert_grows_like(bars, history)


def test_it_is_where_a_session_is_one_bucket(make_sessions, make_bars):
    sessions = make_sessions(60, minutes=60)
    bars = make_bars(sessions, seed=5, minutes=1)
    history = measure_history(bars, sessions)
    assert len(history.buckets) == 60
    assert np.isfinite(history.night_share[-1])
    assert_grows_like(bars, history)


def test_it_is_where_hours_days_and_weeks_are_missing(make_sessions, make_bars):
    sessions = make_sessions(60, half_days=[3, 17])
    bars = make_bars(sessions, seed=3, minutes=1)
    rng = np.random.default_rng(0)
    session = np.searchsorted(sessions.open_ns, bars.open_ns, side="right") - 1
    minute = (bars.open_ns - sessions.open_ns[session]) // NS_PER_MINUTE
    torn = (rng.random(60) < 0.3)[session] & (minute >= 70) & (minute < 70 + 10 * (session % 6))
    empty = np.isin(session, [8, 20, 21, *range(30, 38)])
    # one opens after an hour and a half, one in the last half hour alone
    late = (session == 12) & (minute < 95) | (session == 15) & (minute < 370)
    bars = replace(bars, volume=rng.lognormal(5, 2, len(bars)))
    kept = bars.take(~(torn | empty | late))
    history = measure_history(kept, sessions)
    assert np.isfinite(history.night_share[-1])
    assert ((history.measures.covered > 0) & (history.measures.covered < 1)).any()
    assert_grows_like(kept, history)


def test_it_is_with_a_prior(make_sessions, make_bars):
    sessions = make_sessions(14, half_days=[0, 6])
    bars = make_bars(sessions, 3, missing=0.03)
    assert_grows_like(bars, measure_history(bars, sessions, PRIOR))


@settings(max_examples=60)
@given(markets(), st.sampled_from(["rv", "truncated_rv"]))
def test_it_is_with_any_bars(market, measure):
    bars, sessions = market
    if len(bars):
        coarse = bar_length_ns(bars) >= COARSE_BAR_NS
        assert_grows_like(bars, measure_history(bars, sessions, measure="rv" if coarse else measure))


@pytest.mark.parametrize("name", EVERYONE)
@settings(max_examples=3)
@given(seed=st.integers(0, 2**20), missing=st.sampled_from([0.0, 0.03]))
def test_every_forecaster_says_live_what_its_columns_say(make_sessions, make_bars, name, seed, missing):
    sessions = make_sessions(56, half_days=[20])
    bars = make_bars(sessions, seed, missing=missing)
    history = measure_history(bars, sessions, prior_of(name))
    chosen = forecaster(name, history)
    live = LiveVolatility(name, chosen, bars, history.buckets, history.proxy, history.prior)
    for now_ns in history.buckets.close_ns.tolist():
        live.advance(now_ns)
    columns = chosen.forecast(history)
    assert np.isfinite(columns).sum() > 50
    assert live.variance.tobytes() == columns.tobytes()
    assert_same(live.realized, history.measures.rv)


@settings(max_examples=25)
@given(name=st.sampled_from(EVERYONE), seed=st.integers(0, 2**20), data=st.data())
def test_a_live_forecast_is_that_of_a_tape_cut_off_there(make_sessions, make_bars, name, seed, data):
    """Brute force: at any moment the whole computation, on the bars that had ended and no others."""
    sessions = make_sessions(56, half_days=[20])
    bars = make_bars(sessions, seed, missing=0.02)
    calendar = measure_history(bars, sessions, prior_of(name))
    chosen = forecaster(name, calendar)
    live = LiveVolatility(name, chosen, bars, calendar.buckets, calendar.proxy, calendar.prior)
    moment_ns = data.draw(st.integers(int(bars.close_ns[0]), int(bars.close_ns[-1]) - 1))
    for now_ns in calendar.buckets.close_ns[calendar.buckets.close_ns < moment_ns].tolist():
        live.advance(now_ns)
    row = live.advance(moment_ns)
    cut = measure_history(bars.take(bars.close_ns <= moment_ns), sessions, prior_of(name))
    assert_same(live.variance[: row + 1], chosen.forecast(cut)[: row + 1])


def test_a_jump_over_several_buckets_is_the_walk_through_them(make_sessions, make_bars):
    sessions = make_sessions(30)
    bars = make_bars(sessions, 4)
    history = measure_history(bars, sessions)
    walked, jumped = (
        LiveVolatility("log-har-p", build_har("log-har-p", 60, 20), bars, history.buckets, "rv")
        for _ in range(2)
    )
    for now_ns in history.buckets.close_ns.tolist():
        walked.advance(now_ns)
    assert jumped.advance(int(history.buckets.close_ns[-1]) + NS_PER_DAY) == len(history.buckets)
    assert_same(jumped.variance, walked.variance)


class MeanOfPast:
    """A forecaster of a user, without a live step."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def forecast(self, history: VolHistory) -> np.ndarray:
        rows = len(history.buckets)
        self.seen.append(rows)
        total = np.concatenate([[0.0], np.nancumsum(history.measures.rv)[:-1]])
        return np.append(np.nan, total[1:] / np.arange(1, rows))


def advance_all(chosen: Forecaster, bars: BarFrame, history: VolHistory) -> np.ndarray:
    live = LiveVolatility("mine", chosen, bars, history.buckets, history.proxy)
    for now_ns in history.buckets.close_ns.tolist():
        live.advance(now_ns)
    return live.variance


def test_one_without_a_live_step_is_run_on_its_prefix_at_each_bucket(make_sessions, make_bars):
    sessions = make_sessions(12)
    bars = make_bars(sessions, 5)
    history, mine = measure_history(bars, sessions), MeanOfPast()
    variance = advance_all(mine, bars, history)
    assert mine.seen == list(range(1, len(history.buckets) + 1))
    require_same_forecasts("mine", mine, variance, mine.forecast(history), history.buckets)


class OwnStep(MeanOfPast):
    """The same with a live step, which says something else once."""

    def __init__(self, wrong_row: int) -> None:
        super().__init__()
        self.wrong_row = wrong_row

    def live(self, _buckets: BucketFrame) -> "OwnStep":
        return self

    def step(self, history: VolHistory) -> float:
        row = len(history.buckets) - 1
        mean = np.mean(history.measures.rv[:row]) if row else np.nan
        return float(mean) * (1.0 + (row == self.wrong_row) * 1e-6)


def test_a_live_step_that_says_something_else_is_named(make_sessions, make_bars):
    sessions = make_sessions(12)
    bars = make_bars(sessions, 5)
    history = measure_history(bars, sessions)
    right, wrong = OwnStep(-1), OwnStep(40)
    columns = right.forecast(history)
    require_same_forecasts("mine", right, advance_all(right, bars, history), columns, history.buckets)
    with pytest.raises(PeekingError, match=r"forecasts .* for bucket 40 .*1 of 84 differ"):
        require_same_forecasts("mine", wrong, advance_all(wrong, bars, history), columns, history.buckets)


class NoStep(MeanOfPast):
    def live(self, _buckets: BucketFrame) -> object:
        return object()


class Says(MeanOfPast):
    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value

    def live(self, _buckets: BucketFrame) -> "Says":
        return self

    def step(self, _history: VolHistory) -> object:
        return self.value


class Writes(MeanOfPast):
    def forecast(self, history: VolHistory) -> np.ndarray:
        history.measures.rv.flags.writeable = True
        history.measures.rv[0] = 1.0
        return super().forecast(history)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (NoStep(), "gives a object, which has no method step"),
        (Says(-1.0), r"gives -1 for bucket 0 .*a variance is zero or positive"),
        (Says(np.inf), "gives inf for bucket 0"),
        (Says("much"), "gives no number"),
    ],
)
def test_a_live_step_is_held_to_its_contract(make_sessions, make_bars, chosen, message):
    sessions = make_sessions(3)
    bars = make_bars(sessions, 5)
    with pytest.raises(InputError, match=message):
        advance_all(chosen, bars, measure_history(bars, sessions))


def test_what_a_forecaster_is_handed_cannot_be_written(make_sessions, make_bars):
    sessions = make_sessions(3)
    bars = make_bars(sessions, 5)
    history = measure_history(bars, sessions)
    with pytest.raises(InputError, match="writes into columns that others read too"):
        forecast_columns("mine", Writes(), history)
    with pytest.raises(InputError, match="writes into columns that others read too"):
        advance_all(Writes(), bars, history)
