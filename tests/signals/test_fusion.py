"""Fusion: no news leaves HAR exactly as it was, news moves it within bounds, and nothing knows the future."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.errors import InputError
from newsvol.signals.experts_python import expert_walk_python
from newsvol.signals.fusion import (
    GATE_BOUND,
    GATE_PRIOR,
    GATE_RATE,
    MAX_LOG_EFFECT,
    FusionConfig,
    FusionWalk,
    Gated,
    HarAlone,
    LogLinear,
    WeightedSum,
    fit_fusion,
)
from newsvol.signals.news.features import CHANNELS, HALF_LIVES_HOURS
from newsvol.signals.volatility.losses import qlike

K = len(HALF_LIVES_HOURS) * len(CHANNELS)
ROWS = 300
FORMS = ("log_linear", "weighted_sum")
BUCKETS = np.arange(ROWS)

both_forms = pytest.mark.parametrize("form", FORMS)


def make_case(seed: int, effect: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """HAR's forecast (not known at first), what was realized, and news that raises it by `effect`."""
    rng = np.random.default_rng(seed)
    features = rng.exponential(1, (ROWS, K)) * (rng.random((ROWS, 1)) < 0.5)
    variance = np.exp(rng.normal(-13, 0.5, ROWS))
    shift = features[:, 4] - features[:, 4].mean()
    realized = variance * np.exp(effect * shift + rng.normal(0, 0.3, ROWS))
    variance[:20] = np.nan
    realized[[50, 51]] = np.nan
    return variance, realized, features


def fuse(form, variance, realized, features, **settings):
    config = FusionConfig(form=form, **{"min_rows": 50, "window": 200, "gate": False, **settings})
    return fit_fusion(config, variance, realized, features).fuse(BUCKETS, variance, features)


@pytest.mark.parametrize("form", [*FORMS, "none"])
@pytest.mark.parametrize("width", [0, K])
def test_without_headlines_har_is_left_bit_by_bit(form, width):
    variance, realized, _ = make_case(0)
    fused = fuse(form, variance, realized, np.zeros((ROWS, width)))
    assert np.array_equal(fused, variance, equal_nan=True)


def test_fusion_can_be_switched_off():
    variance, realized, features = make_case(1, effect=0.5)
    assert isinstance(fit_fusion(FusionConfig(form="none"), variance, realized, features), HarAlone)
    assert fuse("none", variance, realized, features) is variance


def test_a_weight_of_zero_is_har():
    variance, realized, features = make_case(2, effect=0.5)
    fused = fuse("weighted_sum", variance, realized, features, weight=0.0)
    assert np.array_equal(fused, variance, equal_nan=True)


@both_forms
def test_har_is_left_alone_until_enough_errors_are_known(form):
    variance, realized, features = make_case(3, effect=0.5)
    fused = fuse(form, variance, realized, features)
    # twenty rows without a forecast and two without a realized variance come before fifty usable ones
    assert np.array_equal(fused[:72], variance[:72], equal_nan=True)
    assert np.all(fused[72:] != variance[72:])


@both_forms
@given(seed=st.integers(0, 2**20), row=st.integers(0, ROWS - 1))
def test_a_forecast_knows_no_error_and_no_news_of_later(form, seed, row):
    variance, realized, features = make_case(seed, effect=0.3)
    other_variance, other_realized, other_features = (
        column.copy() for column in (variance, realized, features)
    )
    other_realized[row:] *= 100
    other_variance[row + 1 :] /= 7
    other_features[row + 1 :] += 5
    fused = fuse(form, variance, realized, features)
    again = fuse(form, other_variance, other_realized, other_features)
    assert np.array_equal(fused[: row + 1], again[: row + 1], equal_nan=True)


@both_forms
@given(seed=st.integers(0, 2**20), size=st.floats(0, 1e6))
def test_news_moves_a_variance_by_a_bounded_factor(form, seed, size):
    variance, realized, features = make_case(seed, effect=0.5)
    config = FusionConfig(form=form, min_rows=50, window=200, weight=1.0, gate=False)
    shouted = fit_fusion(config, variance, realized, features).fuse(BUCKETS, variance, features * size)
    ratio = (shouted / variance)[np.isfinite(variance)]
    assert np.all(np.abs(np.log(ratio)) <= MAX_LOG_EFFECT + 1e-12)
    assert np.all(shouted[20:] > 0)


@both_forms
def test_the_first_headline_after_a_past_that_was_all_but_silent_is_bounded(form):
    variance, realized, features = make_case(4)
    features[:] = 0.0
    features[:200] = 0.5 ** np.arange(200)[:, None]
    features[250] = 1.0
    fused = fuse(form, variance, realized, features)
    assert abs(np.log(fused[250] / variance[250])) <= MAX_LOG_EFFECT + 1e-12


def test_log_linear_moves_har_by_the_centred_news():
    beta, centre = np.array([[0.0, 0.0], [0.2, -0.1]]), np.array([[0.0, 0.0], [1.0, 2.0]])
    fused = LogLinear(beta, centre).fuse(
        np.array([0, 1, 1, 1]), np.full(4, 2.0), np.array([[9.0, 9.0], [1.0, 2.0], [2.0, 2.0], [1.0, 4.0]])
    )
    assert fused == pytest.approx([2.0, 2.0, 2.0 * np.exp(0.2), 2.0 * np.exp(-0.2)])


def test_weighted_sum_is_a_weighted_sum_of_volatilities():
    one = np.ones(1)
    fused = WeightedSum(0.25, 1, mean=3 * one, deviation=2 * one, spread=0.4 * one).fuse(
        np.zeros(2, np.int64), np.full(2, 4.0), np.array([[0.0, 5.0], [0.0, 3.0]])
    )
    # the news volatility is 2 (1 + 0.4 (5 - 3) / 2) = 2.8, and 2 on average news
    assert fused == pytest.approx([(0.75 * 2.0 + 0.25 * 2.8) ** 2, 4.0])


def test_the_weighted_sum_reads_the_size_of_the_news_of_the_last_hour():
    variance, realized, features = make_case(5)
    fusion = fit_fusion(FusionConfig(form="weighted_sum", gate=False), variance, realized, features)
    assert isinstance(fusion, WeightedSum)
    assert fusion.column == HALF_LIVES_HOURS.index(1.0) * len(CHANNELS) + CHANNELS.index("abs_score")


def test_the_weighted_sum_standardises_with_the_past():
    variance, realized, features = make_case(6)
    fusion = fit_fusion(
        FusionConfig(form="weighted_sum", min_rows=50, gate=False), variance, realized, features
    )
    assert isinstance(fusion, WeightedSum)
    past = np.flatnonzero(np.isfinite(variance[:200]) & np.isfinite(realized[:200]))
    assert fusion.mean[200] == pytest.approx(features[past, fusion.column].mean())
    assert fusion.deviation[200] == pytest.approx(features[past, fusion.column].std())
    assert fusion.spread[200] == pytest.approx(np.sqrt(realized / variance)[past].std())


@both_forms
def test_news_that_moves_the_market_makes_the_forecast_better(form):
    variance, realized, features = make_case(7, effect=0.5)
    fused = fuse(form, variance, realized, features, ridge=5.0)
    rows = np.arange(150, ROWS)
    assert qlike(realized[rows], fused[rows]).mean() < 0.95 * qlike(realized[rows], variance[rows]).mean()


@both_forms
def test_buckets_that_stood_still_are_not_learned_from(form):
    variance, realized, features = make_case(8, effect=0.5)
    gone = [100, 120, 140]
    realized[100], realized[120], variance[140] = 0.0, np.nan, 0.0
    fused = fuse(form, variance, realized, features)
    elsewhere = np.setdiff1d(np.arange(20, ROWS), gone)
    assert np.isfinite(fused[elsewhere]).all()
    assert fused[140] == 0.0
    other = realized.copy()
    other[gone] = np.nan
    assert np.array_equal(fused, fuse(form, variance, other, features), equal_nan=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ridge": 0.0},
        {"ridge": -1.0},
        {"ridge": float("nan")},
        {"weight": -0.1},
        {"weight": 1.1},
        {"min_rows": 1},
        {"min_rows": 300, "window": 200},
    ],
)
def test_settings_that_cannot_be_fitted_are_refused(wrong):
    with pytest.raises(InputError, match="fusion needs ridge > 0"):
        FusionConfig(**wrong)


def test_a_form_that_does_not_exist_is_refused():
    with pytest.raises(
        InputError, match="fusion form 'loglinear' is none of: log_linear, weighted_sum, none"
    ):
        FusionConfig(form="loglinear")  # type: ignore[arg-type]


def test_a_weighted_sum_is_bounded_on_either_side_by_the_same_factor():
    one = np.ones(1)
    fused = WeightedSum(1.0, 0, mean=0 * one, deviation=one, spread=one).fuse(
        np.zeros(4, np.int64), np.full(4, 2.0), np.array([[-1e6], [-0.5], [1.0], [1e6]])
    )
    # half and twice the volatility are within the bounds
    bound = np.exp(MAX_LOG_EFFECT)
    assert fused == pytest.approx([2.0 / bound, 2.0 / 4, 2.0 * 4, 2.0 * bound], rel=1e-12)


def test_news_never_takes_more_than_nine_tenths_of_its_own_volatility():
    one = np.ones(1)
    fused = WeightedSum(0.2, 0, mean=0 * one, deviation=one, spread=one).fuse(
        np.zeros(1, np.int64), np.full(1, 2.0), np.array([[-1e6]])
    )
    assert fused == pytest.approx([2.0 * (0.8 + 0.2 * 0.1) ** 2], rel=1e-12)


def test_a_log_linear_effect_is_bounded_on_either_side_by_the_same_factor():
    fused = LogLinear(np.ones((1, 1)), np.zeros((1, 1))).fuse(
        np.zeros(4, np.int64), np.full(4, 2.0), np.array([[-9.0], [-1.4], [1.4], [9.0]])
    )
    assert np.log(fused / 2.0) == pytest.approx([-1.5, -1.4, 1.4, 1.5], rel=1e-12)


@pytest.mark.parametrize(("half_lives", "read"), [(1, 0), (2, 1), (3, 1)])
def test_the_weighted_sum_reads_the_second_half_life_or_the_only_one(half_lives, read):
    variance, realized, features = make_case(9, effect=0.5)
    width = half_lives * len(CHANNELS)
    config = FusionConfig(form="weighted_sum", min_rows=50, gate=False)
    fusion = fit_fusion(config, variance, realized, features[:, :width])
    assert isinstance(fusion, WeightedSum)
    assert fusion.column == read * len(CHANNELS) + CHANNELS.index("abs_score")
    fused = fusion.fuse(BUCKETS, variance, features[:, :width])
    assert np.all(fused[72:] != variance[72:])


def test_what_was_fitted_cannot_be_replaced():
    parts = [FusionConfig(), *(fit_fusion(FusionConfig(form=form), *make_case(0)) for form in FORMS)]
    for part in parts:
        for name in vars(part):
            with pytest.raises(FrozenInstanceError):
                setattr(part, name, None)


@both_forms
def test_the_gate_weighs_the_news_by_what_it_did_for_the_buckets_before(form):
    variance, realized, features = make_case(3, effect=0.2)
    config = FusionConfig(form=form, min_rows=50, window=200)
    gated = fit_fusion(config, variance, realized, features)
    assert isinstance(gated, Gated)
    open_fused = fuse(form, variance, realized, features)
    pair = np.column_stack([variance, open_fused])
    prior = np.array([1 - GATE_PRIOR, GATE_PRIOR])
    weights, _ = expert_walk_python(pair, realized, prior, GATE_RATE, GATE_BOUND)
    known = np.isfinite(variance)
    np.testing.assert_allclose(gated.weights[known], weights[known], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(gated.weights[~known], np.tile(prior, (20, 1)))
    fused = gated.fuse(BUCKETS, variance, features)
    np.testing.assert_allclose(
        np.log(fused / variance)[known],
        weights[known, 1] * np.log(open_fused / variance)[known],
        rtol=1e-6,
        atol=1e-12,
    )


def test_news_that_pays_is_let_in_and_noise_is_not():
    paying = fit_fusion(FusionConfig(min_rows=50), *make_case(4, effect=0.5))
    noise = fit_fusion(FusionConfig(min_rows=50), *make_case(4, effect=0.0))
    assert isinstance(paying, Gated)
    assert isinstance(noise, Gated)
    assert paying.weights[0, 1] == pytest.approx(GATE_PRIOR)
    assert paying.weights[-1, 1] > 0.95
    assert noise.weights[-1, 1] < 0.2


@both_forms
def test_a_gate_leaves_no_forecast_and_no_variance_as_they_are(form):
    variance, realized, features = make_case(4, effect=0.5)
    fusion = fit_fusion(FusionConfig(form=form, min_rows=50), variance, realized, features)
    given = np.array([np.nan, 0.0, 1e-6])
    fused = fusion.fuse(np.array([ROWS - 1] * 3), given, features[:3])
    assert np.isnan(fused[0])
    assert fused[1] == 0
    assert fused[2] > 0


def test_a_gate_fitted_row_by_row_is_the_one_fitted_at_once():
    variance, realized, features = make_case(8, effect=0.3)
    whole = fit_fusion(FusionConfig(min_rows=50), variance, realized, features)
    walk = FusionWalk(FusionConfig(min_rows=50), ROWS, K)
    for row in range(ROWS):
        known = np.arange(ROWS) < row
        walk.extend(row + 1, *(np.where(known, column, np.nan) for column in (variance, realized)), features)
    assert isinstance(whole, Gated)
    assert isinstance(walk.fusion, Gated)
    assert walk.fusion.weights.tobytes() == whole.weights.tobytes()
