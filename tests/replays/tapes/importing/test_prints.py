"""Bad prints: what nobody could have traded at is neither filled at nor measured."""

import json

import numpy as np
import pandas as pd
import pytest
from vendor_bars import assert_same_bars, minute_bars, take, write_bars

from newsvol.engine.errors import TapeError
from newsvol.engine.fills import fill_orders
from newsvol.replays.tapes.check import check_tape
from newsvol.replays.tapes.importing.prints import BAD_BODY, bad_bodies, bad_extremes
from newsvol.replays.tapes.tape import load_tape, save_tape

AT = 700


@pytest.fixture
def bars() -> pd.DataFrame:
    return minute_bars("2024-03-06", "2024-03-11")


def with_price(bars: pd.DataFrame, **prices: float) -> pd.DataFrame:
    """Multiply prices of bar `AT`."""
    return bars.assign(
        **{
            name: np.where(bars.index == AT, bars[name] * factor, bars[name])
            for name, factor in prices.items()
        }
    )


@pytest.mark.parametrize(("side", "name", "factor"), [(1, "high", 100.0), (-1, "low", 0.01)])
def test_a_worst_fill_is_never_at_a_bad_print(bars, tmp_path, side, name, factor):
    tape = take(write_bars(with_price(bars, **{name: factor}), tmp_path / "bars.csv")).tape
    arrival = tape.bars.open_ns[[AT]] + 1
    price = fill_orders(tape.bars, arrival, np.array([side * 1.0]), np.array([side]), "worst").price[0]
    body = bars.loc[AT, ["open", "close"]]
    assert price == (body.max() if side > 0 else body.min())


def test_the_vendors_price_is_kept_beside_the_tape_and_hashed(bars, tmp_path):
    dirty = with_price(bars, high=100.0)
    result = take(write_bars(dirty, tmp_path / "bars.csv"))
    assert result.reports[0].kept == len(bars)
    assert result.tape.info.counts["bad_prints"] == 1
    assert any("1 bar has a high or low off the market" in line for line in result.reports[0].evidence)
    content_hash = result.save(tmp_path / "tape")
    again = load_tape(tmp_path / "tape")
    assert again.content_hash() == content_hash
    assert again.bad_prints.high[0] == dirty["high"][AT]
    assert again.bad_prints.low[0] == dirty["low"][AT]
    assert again.bad_prints.open_ns[0] == again.bars.open_ns[AT]
    assert check_tape(tmp_path / "tape").as_json()["bad_prints"] == 1
    (tmp_path / "tape" / "bad_prints.parquet").unlink()
    with pytest.raises(TapeError, match="content hash differs"):
        load_tape(tmp_path / "tape")


def test_a_tape_without_bad_prints_has_no_file_of_them(bars, tmp_path):
    tape = take(write_bars(bars, tmp_path / "bars.csv")).tape
    save_tape(tape, tmp_path / "tape")
    assert not (tmp_path / "tape" / "bad_prints.parquet").exists()
    assert "bad_prints" not in json.loads((tmp_path / "tape" / "tape.json").read_text())["counts"]


def test_a_day_cut_off_takes_its_bad_prints_along(bars, tmp_path):
    tape = take(write_bars(with_price(bars, high=100.0), tmp_path / "bars.csv")).tape
    first, last = tape.days()
    assert len(tape.until(first).bad_prints) == 0
    assert len(tape.until(last).bad_prints) == 1


@pytest.mark.parametrize("factor", [100.0, 0.01, 1.3])
@pytest.mark.parametrize("name", ["open", "close"])
def test_a_bar_whose_open_or_close_is_the_bad_print_is_put_aside(bars, tmp_path, name, factor):
    reach = {"high": factor} if factor > 1 else {"low": factor * 0.99}
    dirty = with_price(bars, **{name: factor}, **reach)
    result = take(write_bars(dirty, tmp_path / "bars.csv"))
    assert result.reports[0].quarantined == {BAD_BODY: 1}
    assert list(result.quarantine["row"]) == [AT + 2]
    assert_same_bars(result, bars.drop(index=AT))


def test_closes_alone_are_judged_as_well(bars, tmp_path):
    file = write_bars(with_price(bars, close=100.0), tmp_path / "bars.csv", columns=("close", "volume"))
    assert take(file, close_only=True).reports[0].quarantined == {BAD_BODY: 1}


def market(returns: np.ndarray, ranges: float) -> tuple[np.ndarray, ...]:
    close = 100 * np.exp(np.cumsum(returns))
    open_ = np.concatenate([[100.0], close[:-1]])
    return open_, np.maximum(open_, close) * (1 + ranges), np.minimum(open_, close) * (1 - ranges), close


def test_a_price_that_jumps_and_stays_is_no_bad_print():
    returns = np.zeros(80)
    returns[40] = np.log(0.5)
    bars = market(returns, 0.001)
    assert not bad_bodies(*bars).any()
    assert not any(marks.any() for marks in bad_extremes(*bars))


def test_a_wild_market_is_judged_by_its_own_ranges():
    """Bars that range over 5% may well have a high 25% off; where they range over 0.1% it is a bad print."""
    for ranges, bad in ((0.05, False), (0.001, True)):
        open_, high, low, close = market(np.zeros(80), ranges)
        high[50] = 125.0
        assert bad_extremes(open_, high, low, close)[0].any() == bad


def test_an_extreme_is_judged_without_what_comes_later():
    rng = np.random.default_rng(6)
    open_, high, low, close = market(rng.normal(0, 0.002, 120), 0.001)
    high[rng.integers(0, 120, 12)] *= 3
    low[rng.integers(0, 120, 12)] *= 0.3
    whole = bad_extremes(open_, high, low, close)
    for end in range(31, 120, 7):
        past = bad_extremes(open_[:end], high[:end], low[:end], close[:end])
        np.testing.assert_array_equal(np.stack(past), np.stack(whole)[:, :end])
    assert np.stack(whole).sum() > 15
