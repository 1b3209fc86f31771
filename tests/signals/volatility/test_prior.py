"""A prior: evidence by the names of columns, a curve for any cut of a session, a file that holds both."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newsvol.engine.errors import InputError
from newsvol.signals.volatility.aggregate import build_aggregate
from newsvol.signals.volatility.buckets import cut_like_bars, cut_sessions
from newsvol.signals.volatility.builtin import FORECASTERS
from newsvol.signals.volatility.diurnal import PRIOR_SESSIONS, diurnal_curve
from newsvol.signals.volatility.exogenous import Exogenous, ExogenousColumn
from newsvol.signals.volatility.har_specifications import (
    HAR_SPECIFICATIONS,
    WITH_PRIOR,
    Har,
    build_har,
)
from newsvol.signals.volatility.history import measure_history
from newsvol.signals.volatility.naive import NAIVE
from newsvol.signals.volatility.prior import (
    PIECES,
    ROWS,
    SMEARING_ROWS,
    WARM_UP,
    Member,
    Prior,
    read_prior,
    us_prior,
)
from newsvol.signals.volatility.protocol import WithPrior

SHIPPED = read_prior(us_prior())


def prior_of(columns: tuple[str, ...] = ("constant", "lag1", "FOMC", "never"), **changes: Any) -> Prior:
    rng = np.random.default_rng(0)
    rows = np.column_stack([np.ones(200), rng.normal(size=(200, len(columns)))])[:, : len(columns) + 1]
    rows[:, columns.index("never")] = 0.0
    moments = rows[:, :-1].T @ rows / len(rows)
    member = Member("AAA", 30, date(2024, 1, 2), date(2024, 2, 13), 390, "sha256:0")
    curve = np.linspace(2.0, 0.5, PIECES)
    return replace(Prior((member,), columns, moments, 1.2, curve / curve.mean(), 0.4), **changes)


def test_evidence_is_taken_by_name_and_is_none_for_what_the_panel_never_saw():
    prior = prior_of()
    assert prior.knows(("FOMC", "never", "unheard of", "lag1")) == [True, False, False, True]
    evidence = prior.evidence(("lag1", "unheard of", "FOMC", "constant", "never"))
    assert (evidence.rows, evidence.smearing_rows, evidence.smearing) == (ROWS, SMEARING_ROWS, 1.2)
    assert evidence.moments.shape == (5, 6)
    np.testing.assert_array_equal(evidence.moments[[1, 4]], 0.0)
    np.testing.assert_array_equal(evidence.moments[:, [1, 4]], 0.0)
    assert evidence.moments[0, 2] == ROWS * prior.moments[1, 2]
    assert evidence.moments[2, 0] == ROWS * prior.moments[2, 1]
    assert evidence.moments[2, 5] == ROWS * prior.moments[2, 4]


def test_coefficients_are_the_panels_own_fit():
    fitted = prior_of().coefficients
    assert fitted["never"] == 0.0
    p = prior_of()
    known = [0, 1, 2]
    expected = np.linalg.solve(p.moments[np.ix_(known, known)], p.moments[known, 4])
    np.testing.assert_allclose([fitted[name] for name in ("constant", "lag1", "FOMC")], expected, rtol=1e-9)


def test_the_curve_of_an_hour_is_the_mean_of_the_parts_that_it_has(make_sessions):
    prior = prior_of()
    curve = prior.curve_of(cut_sessions(make_sessions(3, half_days=[0])))
    pairs = np.append(prior.curve[:12].reshape(6, 2).mean(axis=1), prior.curve[12])
    np.testing.assert_allclose(curve, pairs / pairs.mean(), rtol=1e-12)


def test_the_curve_fits_hours_that_begin_at_the_half_hour(make_sessions, make_bars):
    sessions = make_sessions(3)
    buckets = cut_like_bars(sessions, make_bars(sessions, 1, minutes=30))
    curve = prior_of().curve_of(buckets)
    np.testing.assert_allclose(curve, prior_of().curve, rtol=1e-12)


def test_a_session_of_another_length_is_refused(make_sessions):
    with pytest.raises(InputError, match=r"sessions of 390 minutes, and those of the tape have 510"):
        prior_of().curve_of(cut_sessions(make_sessions(3, minutes=510)))


def test_its_curve_counts_as_so_many_sessions(make_sessions):
    buckets = cut_sessions(make_sessions(40))
    curve = prior_of().curve_of(buckets)
    shape = np.linspace(0.5, 1.5, 7)
    factor = diurnal_curve(np.tile(shape, 40), buckets, curve).reshape(40, 7)
    np.testing.assert_allclose(factor[0], curve, rtol=1e-12)
    np.testing.assert_allclose(
        factor[30], (PRIOR_SESSIONS * curve + 30 * shape) / (PRIOR_SESSIONS + 30), rtol=1e-9
    )


def test_a_file_holds_all_of_it(tmp_path: Path):
    for prior in (SHIPPED, prior_of()):
        file = tmp_path / "prior.json"
        file.write_text(prior.to_json())
        again = read_prior(file)
        assert (again.members, again.columns) == (prior.members, prior.columns)
        np.testing.assert_allclose(again.moments, prior.moments, rtol=1e-8)
        np.testing.assert_allclose(again.curve, prior.curve, rtol=1e-5)
        assert again.smearing == pytest.approx(prior.smearing, rel=1e-5)
        assert read_prior(file).to_json() == file.read_text()


def test_the_shipped_one_says_what_it_was_fitted_on():
    assert SHIPPED.symbols == ("MU", "NTAP", "PSTG", "QQQ", "SMCI", "SMH", "SPY", "STX", "WDC")
    assert SHIPPED.last == date(2025, 12, 18)
    assert sum(one.sessions for one in SHIPPED.members) == 288 + 9 * 30
    fitted = SHIPPED.coefficients
    assert 0.8 < sum(fitted[f"lag{lag}"] + fitted.get(f"level{lag}", 0.0) for lag in (1, 7, 35, 154)) < 1.1
    assert fitted["FOMC"] > 1
    assert SHIPPED.curve[0] == SHIPPED.curve.max()


def indefinite(moments: list[list[float]]) -> list[list[float]]:
    """Symmetric, positive on its diagonal, and of no rows that there can be."""
    table = np.array(moments)
    table[0, 1] = table[1, 0] = 10 * np.sqrt(table[0, 0] * table[1, 1])
    return table.tolist()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda found: found | {"format": 2}, "a prior of format 2, this version reads 1"),
        (lambda found: found | {"curve": found["curve"][:-1]}, "its numbers do not fit together"),
        (lambda found: found | {"curve": [-one for one in found["curve"]]}, "do not fit together"),
        (lambda found: found | {"moments": found["moments"][:-1]}, "do not fit together"),
        (lambda found: found | {"smearing": 0.0}, "do not fit together"),
        (lambda found: found | {"night_share": -1.0}, "do not fit together"),
        (lambda found: found | {"members": []}, "do not fit together"),
        (lambda found: found | {"moments": (-np.array(found["moments"])).tolist()}, "do not fit together"),
        (lambda found: found | {"moments": indefinite(found["moments"])}, "do not fit together"),
        (lambda found: {key: found[key] for key in found if key != "columns"}, "is no prior; make one with"),
        (lambda found: found | {"members": [{"symbol": "A"}]}, "is no prior; make one with"),
        (lambda found: [found], "is no prior; make one with"),
    ],
)
def test_a_file_that_is_no_prior_is_refused_in_a_line(tmp_path: Path, change: Any, words: str):
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(change(json.loads(prior_of().to_json()))))
    with pytest.raises(InputError, match=words) as error:
        read_prior(file)
    assert "\n" not in str(error.value)
    assert "wrong.json" in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1, 2"])
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes):
    file = tmp_path / "wrong.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match="is no prior"):
        read_prior(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_prior(tmp_path / "gone.json")


@pytest.mark.parametrize("name", WITH_PRIOR)
def test_with_one_there_is_a_forecast_from_the_fourth_session_on(make_sessions, make_bars, name):
    sessions = make_sessions(9)
    history = measure_history(make_bars(sessions, 3), sessions, SHIPPED)
    forecaster = FORECASTERS.factory(name)(prior=SHIPPED)
    known = np.isfinite(forecaster.forecast(history))
    assert known[WARM_UP + 1 :].all()
    if name != "aggregate":  # whose naive expert needs no warm-up
        assert not known[: WARM_UP + 1].any()
    assert WARM_UP + 1 == 21
    assert isinstance(forecaster, WithPrior)
    share = forecaster.prior_share(history)[WARM_UP + 1 :]
    assert ((share >= 0) & (share < 1)).all()
    own = FORECASTERS.factory(name)().forecast(measure_history(make_bars(sessions, 3), sessions))
    assert not np.isfinite(own).any()


def test_its_share_falls_with_every_row(make_sessions, make_bars):
    sessions = make_sessions(60)
    history = measure_history(make_bars(sessions, 3), sessions, SHIPPED)
    share = build_har("log-har-p", prior=SHIPPED).prior_share(history)
    assert (np.diff(share[WARM_UP:]) <= 0).all()
    assert share[WARM_UP + 1] == pytest.approx(ROWS / (ROWS + WARM_UP))
    assert share[-1] == pytest.approx(ROWS / (ROWS + 60 * 7 - 2))
    assert (build_har("log-har-p").prior_share(history) == 0).all()


def test_it_is_for_regressions_in_logs_alone():
    alone = {name for name in HAR_SPECIFICATIONS if name not in WITH_PRIOR}
    assert alone == {"har", "har-p", "har-wls", "harq", "shar", "har-j", "har-cj", "har-qlike"}
    for name in alone:
        assert build_har(name, prior=SHIPPED) == build_har(name)
    assert not set(NAIVE) & set(WITH_PRIOR)
    with pytest.raises(InputError, match="a prior is for a HAR in logs"):
        Har(is_log=False, prior=SHIPPED)


def test_in_a_blend_the_shrunk_member_stands_alone_until_the_other_can(make_sessions, make_bars):
    sessions = make_sessions(60)
    history = measure_history(make_bars(sessions, 3), sessions, SHIPPED)
    blend = build_har("har-blend", 2500, 60, prior=SHIPPED)
    shrunk, qlike = (member.forecast(history) for member in blend.members)
    early, late = np.isnan(qlike) & np.isfinite(shrunk), np.isfinite(qlike)
    assert early.sum() > 50
    both = blend.forecast(history)
    np.testing.assert_allclose(both[early], shrunk[early], rtol=1e-12)
    np.testing.assert_allclose(both[late], np.sqrt(shrunk * qlike)[late], rtol=1e-12)
    share, own = blend.prior_share(history), blend.members[0].prior_share(history)
    np.testing.assert_allclose(share[early], own[early])
    np.testing.assert_allclose(share[late], own[late] / 2)


def test_a_bucket_that_hardly_traded_is_held_at_a_tenth_of_the_trailing_mean(plain_history):
    values = np.exp(np.random.default_rng(1).normal(-13, 0.3, 70))
    values[[40, 50]] = 1e-14, 0.0
    history = plain_history(values.tolist(), 7)
    held = build_har("log-har-p", prior=SHIPPED).series(history)
    free = build_har("log-har-p").series(history)
    assert free[40] < -30 < held[40]
    assert held[40] == pytest.approx(np.log(values[:40].mean() / 10), abs=0.3)
    assert np.isnan(held[50])
    # what is high is left alone: an announcement is no bad print
    others = np.delete(np.arange(70), [40, 50])
    np.testing.assert_array_equal(held[others], free[others])


def test_a_shorter_window_than_the_warm_up_begins_sooner(make_sessions, make_bars):
    sessions = make_sessions(6)
    history = measure_history(make_bars(sessions, 3), sessions, SHIPPED)
    variance = build_har("log-har-p", 2500, 8, prior=SHIPPED).forecast(history)
    assert np.flatnonzero(np.isfinite(variance))[0] == 9


def test_the_share_of_an_aggregate_goes_by_its_weights(make_sessions, make_bars):
    sessions = make_sessions(40)
    history = measure_history(make_bars(sessions, 3), sessions, SHIPPED)
    combined = build_aggregate(prior=SHIPPED)
    weights = np.nan_to_num(combined.combine(history).weights)
    own = [
        expert.prior_share(history) if isinstance(expert, WithPrior) else np.zeros(len(weights))
        for expert in combined.experts.values()
    ]
    share = combined.prior_share(history)
    np.testing.assert_allclose(share, (weights * np.stack(own, axis=1)).sum(axis=1))
    assert (np.abs(share - np.mean(own, axis=0))[WARM_UP + 1 :] > 0.01).any()
    assert (share[:WARM_UP] == 0).all()


def test_an_outside_series_of_a_columns_name_is_none_of_the_panels(make_sessions, make_bars):
    sessions = make_sessions(30)
    history = measure_history(make_bars(sessions, 3), sessions, SHIPPED)
    stamps = history.buckets.open_ns
    values = np.exp(np.random.default_rng(0).normal(0, 1, len(stamps)))
    series = Exogenous(stamps, values)
    said = []
    for name in ("VIX", "CPI", "slope0", "lag7"):
        column = ExogenousColumn(name, series, "level")
        said.append(build_har("log-har-p", prior=SHIPPED, exogenous=column).forecast(history))
    for other in said[1:]:
        np.testing.assert_array_equal(other, said[0])


def test_the_share_of_the_night_is_believed_as_five_nights(make_sessions, make_bars):
    sessions = make_sessions(30)
    bars = make_bars(sessions, 3)
    own, shrunk = (measure_history(bars, sessions, prior) for prior in (None, SHIPPED))
    first = np.flatnonzero(shrunk.buckets.slot == 0)
    assert shrunk.night_share[0] == shrunk.night_share[first[1]] == SHIPPED.night_share
    known = np.isfinite(own.night_share[first])
    nights = np.arange(len(first)) - 1
    expected = (own.night_share[first] * nights + 5 * SHIPPED.night_share) / (nights + 5)
    np.testing.assert_allclose(shrunk.night_share[first][known], expected[known], rtol=1e-9)
    assert np.isfinite(shrunk.night_share).all()
