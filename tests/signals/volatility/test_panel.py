"""Priors are fitted: what was planted is found, and nothing after the last day is known."""

from dataclasses import replace

import numpy as np
import pytest

from newsvol.engine.errors import InputError
from newsvol.engine.frames import BarFrame, SessionFrame
from newsvol.signals.volatility.buckets import cut_sessions
from newsvol.signals.volatility.har_specifications import build_har
from newsvol.signals.volatility.history import measure_history
from newsvol.signals.volatility.panel import COLUMNS, PanelTape, fit_prior, panel_curve, pool
from newsvol.signals.volatility.prior import PIECES, WARM_UP
from newsvol.signals.volatility.schedule import Schedule


def tape(symbol: str, bars: BarFrame, sessions: SessionFrame) -> PanelTape:
    first, last = (np.datetime64(int(stamp), "ns").astype("M8[D]").item() for stamp in ends(sessions))
    return PanelTape(symbol, (first, last), f"sha256:{symbol}", bars, sessions)


def ends(sessions: SessionFrame) -> tuple[int, int]:
    return (int(sessions.open_ns[0]), int(sessions.open_ns[-1])) if len(sessions) else (0, 0)


def test_pooled_rows_give_the_coefficients_that_made_them():
    rng = np.random.default_rng(0)
    beta = np.array([0.3, 0.5, -0.2])
    rows = []
    for size in (400, 900):
        x = np.column_stack([np.ones(size), rng.normal(size=(size, 2))])
        rows.append(np.column_stack([x, x @ beta + rng.normal(0, 0.4, size)]))
    moments, smearing = pool(rows)
    table = np.concatenate(rows)
    expected, *_ = np.linalg.lstsq(table[:, :3], table[:, 3], rcond=None)
    np.testing.assert_allclose(np.linalg.solve(moments[:, :3], moments[:, 3]), expected, rtol=1e-9)
    assert smearing == pytest.approx(np.exp(0.4**2 / 2), rel=0.03)
    with pytest.raises(InputError, match="2 rows for 3 columns, and a prior needs 8 rows a column"):
        pool([rows[0][:2]])


def test_a_bad_print_hardly_moves_the_smearing():
    rng = np.random.default_rng(0)
    rows = np.column_stack([np.ones(1000), rng.normal(0, 0.1, 1000)])
    rows[7, 1] = 20.0
    assert pool([rows])[1] < 1.05


def test_the_curve_is_the_mean_of_whole_sessions(make_sessions):
    buckets = cut_sessions(make_sessions(20, half_days=[4]))
    shape = np.array([2.0, 1.0, 0.7, 0.6, 0.6, 0.9, 1.2])
    intensity = 1e-6 * shape[buckets.slot]
    intensity[buckets.session == 4] *= 50.0
    intensity[buckets.session == 9] = np.where(buckets.slot[buckets.session == 9] == 3, 0.0, 9.0)
    curve = panel_curve([(intensity, buckets)])
    parts = np.append(np.repeat(shape[:6], 2), shape[6])
    np.testing.assert_allclose(curve, parts / parts.mean(), rtol=1e-12)
    assert len(curve) == PIECES
    with pytest.raises(InputError, match="no whole session"):
        panel_curve([(np.full(len(buckets), np.nan), buckets)])


def test_a_panel_is_fitted_with_all_columns_and_knows_its_members(make_sessions, make_bars):
    sessions = make_sessions(60)
    events = Schedule(np.full(12, "CPI", dtype=object), sessions.open_ns[5:29:2])
    prior = fit_prior(
        [tape(name, make_bars(sessions, seed), sessions) for seed, name in enumerate(("BBB", "AAA"))], events
    )
    assert prior.columns == ("constant", "lag1", "lag7", "lag35", "lag154", *COLUMNS, "CPI", "CPI+1")
    assert prior.symbols == ("AAA", "BBB")
    assert [one.sessions for one in prior.members] == [60, 60]
    assert {one.minutes for one in prior.members} == {390}
    # one row of twenty-four in two times 60 sessions, less those of the warm-up
    rows = 2 * (60 * 7 - 1 - WARM_UP)
    cpi = prior.columns.index("CPI")
    assert prior.moments[cpi, cpi] * rows == pytest.approx(24, abs=4)
    assert prior.moments[0, 0] == 1.0
    shares = [measure_history(make_bars(sessions, seed), sessions).night_share[-1] for seed in (0, 1)]
    assert prior.night_share == pytest.approx(np.mean(shares))


def test_bars_after_the_last_day_say_nothing(make_sessions, make_bars):
    sessions = make_sessions(60)
    bars = make_bars(sessions, 3)
    cut = sessions.take(slice(40))
    until_ns = int(cut.close_ns[-1])
    before = bars.take(bars.close_ns <= until_ns)
    factor = np.where(bars.close_ns > until_ns, 3.0, 1.0)
    moved = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")}
    other = replace(bars, **moved)
    again = other.take(other.close_ns <= until_ns)
    first, second = (fit_prior([tape("A", one, cut)]) for one in (before, again))
    assert first.to_json() == second.to_json()
    assert first.last < fit_prior([tape("A", bars, sessions)]).last


def test_a_tape_of_its_own_kind_is_forecast_better_with_it(make_sessions, make_bars):
    """The panel's bars are drawn as the tape's are: what it knows of them holds there."""
    sessions = make_sessions(80)
    prior = fit_prior([tape(str(seed), make_bars(sessions, seed), sessions) for seed in range(4)])
    short = make_sessions(40)
    gains = []
    for seed in range(20, 26):
        bars = make_bars(short, seed)
        history = measure_history(bars, short, prior)
        shrunk = build_har("log-har-p", prior=prior).forecast(history)
        own = build_har("log-har-p", 2500, 21).forecast(measure_history(bars, short))
        rows = np.isfinite(own) & np.isfinite(shrunk)
        ratio = [history.measures.rv[rows] / one[rows] for one in (own, shrunk)]
        gains.append(np.diff([np.mean(r - np.log(r) - 1) for r in ratio])[0])
    assert np.mean(gains) < 0


def test_what_cannot_be_fitted_is_refused_in_a_line(make_sessions, make_bars):
    nowhere = make_sessions(0)
    with pytest.raises(InputError, match="needs a tape"):
        fit_prior([])
    sessions = make_sessions(30)
    with pytest.raises(InputError, match="the tape of A has no sessions"):
        fit_prior([tape("A", make_bars(sessions, 1), nowhere)])
    longer = make_sessions(30, minutes=510)
    with pytest.raises(InputError, match="must be equally long, and there are A of 390 minutes, B of 510"):
        fit_prior([tape("A", make_bars(sessions, 1), sessions), tape("B", make_bars(longer, 1), longer)])


def test_a_tape_that_is_named_twice_is_refused(make_sessions, make_bars):
    sessions = make_sessions(30)
    one = tape("A", make_bars(sessions, 1), sessions)
    with pytest.raises(InputError, match="the panel has a tape twice"):
        fit_prior([one, one])


def test_rows_of_the_warm_up_are_not_fitted_on(make_sessions, make_bars):
    sessions = make_sessions(30)
    bars = make_bars(sessions, 1)
    prior = fit_prior([tape("A", bars, sessions)])
    curved = measure_history(bars, sessions, prior)
    log_z = build_har("log-har-p", prior=prior).series(curved)
    # the first row has no bucket before it; the mean of the last bucket's log, by hand
    assert prior.moments[0, prior.columns.index("lag1")] == pytest.approx(log_z[WARM_UP:-1].mean())
    assert prior.moments[0, -1] == pytest.approx(log_z[WARM_UP + 1 :].mean())
