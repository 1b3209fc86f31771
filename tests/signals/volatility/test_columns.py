"""Columns beside the lags: what each says, and that none says it before it is known."""

from dataclasses import replace

import numpy as np
import pytest

from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.signals.volatility.columns import COLUMNS, ColumnTable
from newsvol.signals.volatility.har_specifications import Har
from newsvol.signals.volatility.history import VolHistory, measure_history

NAMES = (*COLUMNS, "slope0", "slope1", "slope6")


def column(history: VolHistory, name: str) -> np.ndarray:
    table = ColumnTable([name], len(history.buckets), history.buckets.n_slots)
    return table.extend(history, history.z, len(history.buckets))[:, 0]


@pytest.fixture(scope="module")
def market(make_sessions, make_bars):
    sessions = make_sessions(60, half_days=[25])
    return make_bars(sessions, seed=1, minutes=1), sessions


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("last", [101, 104, 300])
def test_a_column_knows_nothing_of_its_own_bucket_or_later(market, name, last):
    bars, sessions = market
    history = measure_history(bars, sessions)
    future = bars.close_ns > history.buckets.close_ns[last]
    rng = np.random.default_rng(last)
    factor = np.where(future, np.exp(rng.normal(0, 0.02, len(bars)).cumsum()), 1.0)
    prices = {key: getattr(bars, key) * factor for key in ("open", "close")}
    prices["high"] = np.maximum(prices["open"], prices["close"]) * 1.001
    prices["low"] = np.minimum(prices["open"], prices["close"]) * 0.999
    kept = {key: np.where(future, changed, getattr(bars, key)) for key, changed in prices.items()}
    other = replace(bars, **kept, volume=np.where(future, 5.0, bars.volume))
    before, after = column(history, name), column(measure_history(other, sessions), name)
    assert np.array_equal(before[: last + 2], after[: last + 2], equal_nan=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_column_is_known_in_every_row_after_the_warm_up(market, name):
    values = column(measure_history(*market), name)
    assert np.isfinite(values[100:]).all()


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_bucket_makes_no_hole(market, name):
    bars, sessions = market
    history = measure_history(bars, sessions)
    hole = (bars.close_ns > history.buckets.open_ns[200]) & (bars.close_ns <= history.buckets.close_ns[201])
    values = column(measure_history(bars.take(~hole), sessions), name)
    assert np.isfinite(values[100:]).all()


def test_leverage_of_a_day_adds_up_seven_buckets(plain_history):
    history = plain_history([1.0] * 16, 8, bucket_return=[-1.0] * 8 + [2.0] * 8)
    values = column(history, "leverage7")
    assert values[7] == pytest.approx(7 / np.sqrt(7))
    assert values[8] == pytest.approx(7 / np.sqrt(7))
    assert values[9] == pytest.approx(4 / np.sqrt(7))
    assert values[15] == 0.0


def test_recent_compares_the_end_of_a_bucket_with_the_whole(plain_history):
    history = plain_history([4.0, 4.0, 4.0], 3)
    measures = replace(history.measures, recent_rv=np.array([8.0, np.nan, 0.0]))
    values = column(replace(history, measures=measures), "recent")
    assert values == pytest.approx([0.0, np.log(2.0), 0.0])


def test_a_slope_acts_in_its_slot_only(plain_history):
    history = plain_history([1.0, 1.0, 4.0] * 5, 3)
    values = column(history, "slope0")
    assert np.all(values[history.buckets.slot != 0] == 0)
    assert values[3] == pytest.approx(np.log(4.0 / 2.0))


def test_the_night_is_known_from_the_second_bucket_on(market):
    history = measure_history(*market)
    assert np.isnan(history.overnight[history.buckets.slot == 0]).all()
    assert np.isfinite(history.overnight[history.buckets.slot == 1][1:]).all()
    values = column(history, "overnight")
    assert np.all(values[history.buckets.slot == 0] == 0)
    assert np.std(values[history.buckets.slot == 3]) > 0


def test_a_night_is_read_against_the_sessions_of_the_month_before(market):
    history = measure_history(*market)
    values = column(history, "overnight")
    for row in (400, 403):
        usual = np.mean(history.measures.rv[row - 154 : row]) * history.buckets.n_slots
        if np.isfinite(history.overnight[row]):
            expected = np.log(np.clip(history.overnight[row] ** 2 / usual, 0.01, 100.0))
            assert values[row] == pytest.approx(expected, rel=1e-12)
    assert np.isfinite(history.overnight[400:404]).sum() >= 2


def test_volume_is_read_against_its_own_time_of_day(market):
    bars, sessions = market
    history = measure_history(bars, sessions)
    busy = (bars.close_ns > history.buckets.open_ns[205]) & (bars.close_ns <= history.buckets.close_ns[205])
    loud = measure_history(replace(bars, volume=np.where(busy, 2 * bars.volume, bars.volume)), sessions)
    values = column(loud, "volume")
    assert values[206] == pytest.approx(np.log(2.0), abs=1e-9)
    assert values[205] == pytest.approx(0.0, abs=1e-9)
    none = measure_history(replace(bars, volume=np.full(len(bars), np.nan)), sessions)
    assert np.all(column(none, "volume") == 0.0)


def test_semivariance_and_jump_columns_are_in_the_units_of_the_series(plain_history):
    history = plain_history([4.0, 8.0, 4.0], 3, diurnal=[2.0, 1.0, 1.0])
    measures = replace(history.measures, bv=np.array([3.0, 8.0, 4.0]))
    built = replace(history, measures=measures)
    assert column(built, "downside")[1:] == pytest.approx([1.0, 4.0])
    assert column(built, "jump")[1:] == pytest.approx([0.5, 0.0])
    assert column(built, "quarticity")[1:] == pytest.approx([4.0, 64.0])


def test_an_unknown_or_repeated_column_is_refused():
    with pytest.raises(UnknownNameError, match="unknown column 'leverge'; did you mean 'leverage'"):
        Har(columns=("leverge",))
    with pytest.raises(InputError, match="named twice"):
        Har(columns=("leverage", "leverage"))


@pytest.mark.parametrize("name", NAMES)
def test_a_column_that_grows_is_the_whole_one_to_the_bit(market, name):
    bars, sessions = market
    thin = bars.take(np.random.default_rng(0).random(len(bars)) > 0.02)
    history = measure_history(thin, sessions)
    rows, rng = len(history.buckets), np.random.default_rng(5)
    table = ColumnTable([name], rows, history.buckets.n_slots)
    ends = np.unique(np.append(rng.integers(1, rows, 60), [1, 2, 3, rows]))
    grown = np.concatenate([table.extend(history, history.z, int(end)) for end in ends])
    assert grown[:, 0].tobytes() == column(history, name).tobytes()


def with_volume(history: VolHistory, volume: np.ndarray) -> VolHistory:
    return replace(history, measures=replace(history.measures, volume=volume))


def test_half_of_the_usual_volume_is_that_of_the_last_twenty_sessions(plain_history):
    slots, calm, busy = 3, 500, 20
    history = plain_history([1.0] * (slots * (calm + busy + 1)), slots)
    session = history.buckets.session
    loud = with_volume(history, np.where(session < calm, 100.0, 200.0))
    values = column(loud, "volume")
    assert values[slots * calm + 1] == pytest.approx(np.log(2.0), abs=1e-6)
    # the last bucket's volume is read against twenty sessions of 200 and those before, of 100
    assert values[slots * (calm + busy) + 1] == pytest.approx(np.log(2.0) / 2, abs=1e-6)


def test_a_volume_moves_its_column_by_one_and_a_half_at_most(plain_history):
    history = plain_history([1.0] * 12, 3)
    volume = np.full(12, 100.0)
    volume[6], volume[7], volume[8] = 1e6, 1e-3, 100.0 * np.exp(1.4)
    assert column(with_volume(history, volume), "volume")[7:10] == pytest.approx([1.5, -1.5, 1.4])


def test_the_end_of_a_bucket_is_read_within_a_hundredth_and_a_hundred_times_the_whole(plain_history):
    history = plain_history([4.0] * 4, 4)
    measures = replace(history.measures, recent_rv=np.array([0.0, 1e6, 0.05, 1.0]))
    values = column(replace(history, measures=measures), "recent")
    assert values == pytest.approx([0.0, np.log(0.01), np.log(100.0), np.log(0.0125)])
