import json

import pytest

from newsvol.replays.report.wording import (
    day,
    forecast_verdicts,
    gap_notices,
    milliseconds,
    number,
    return_band,
    scientific,
    strategy_verdict,
)
from newsvol.replays.runs.schema import Metrics


@pytest.fixture
def metrics(make_run):
    return json.loads((make_run() / "metrics.json").read_text())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (float("nan"), "-"),
        (float("inf"), "-"),
        (1234.567, "+1,234.57"),
        (-0.001, "0.00"),
        (0.0, "0.00"),
    ],
)
def test_numbers_show_no_negative_zero_and_nothing_that_is_not_finite(value, shown):
    assert number(value, 2, sign=True) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "-"), (0.0, "0"), (0.0123, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1,234")],
)
def test_milliseconds_keep_three_digits(value, shown):
    assert milliseconds(value) == shown


def test_small_losses_are_scientific():
    assert scientific(1.2345e-11) == "1.23e-11"
    assert scientific(None) == "-"


def test_days_are_utc():
    assert day(1708473600 * 10**9 - 1) == "20 Feb 2024"


def test_a_forecast_that_does_not_beat_har_says_so(metrics):
    metrics["forecast"]["models"]["fused"]["qlike"] = 2 * metrics["forecast"]["models"]["log-har-p"]["qlike"]
    assert "fused does NOT beat log-har-p: its QLIKE is 100.0% higher" in forecast_verdicts(
        Metrics.model_validate(metrics)
    )


def test_a_forecast_that_beats_its_baselines_says_by_how_much(metrics):
    models = metrics["forecast"]["models"]
    models["fused"]["qlike"] = 0.9 * models["log-har-p"]["qlike"]
    first, *_ = forecast_verdicts(Metrics.model_validate(metrics))
    assert first == "fused is 10.0% better than log-har-p in QLIKE, NOT beyond chance"


def test_a_lead_that_chance_explains_is_not_called_one(metrics):
    fused = metrics["forecast"]["models"]["fused"]
    fused["qlike"] = 0.9 * metrics["forecast"]["models"]["log-har-p"]["qlike"]
    for t, words in ((0.7, "fused is 10.0% better than log-har-p in QLIKE, NOT beyond chance (DM t +0.7)"),
                     (2.5, "fused beats log-har-p by 10.0% in QLIKE (DM t +2.5)")):  # fmt: skip
        fused["dm_t_vs_har"] = t
        assert forecast_verdicts(Metrics.model_validate(metrics))[0] == words


def test_equal_forecasts_do_not_beat_each_other(metrics):
    models = metrics["forecast"]["models"]
    models["fused"]["qlike"] = models["log-har-p"]["qlike"]
    first, *_ = forecast_verdicts(Metrics.model_validate(metrics))
    assert first == "fused is what log-har-p is: no news was let in"


def test_a_forecast_without_qlike_is_not_compared(metrics):
    metrics["forecast"]["models"]["fused"]["qlike"] = None
    assert "cannot be compared" in forecast_verdicts(Metrics.model_validate(metrics))[0]


HIGHER = "vol_target has a higher Sharpe than buy and hold, NOT beyond chance: bridge (t +0.4), next open"


@pytest.mark.parametrize(
    ("sharpes", "t", "verdict"),
    [
        ((3, 3, 3), 2.0, "beats buy and hold in Sharpe under every fill model"),
        ((3, 3, 3), None, "has a higher Sharpe than buy and hold, NOT tested: too few sessions"),
        ((3, 3, 3), 0.4, HIGHER),
        ((0, 0, 0), 3.0, "does NOT beat buy and hold in Sharpe under any fill model"),
        ((3, 3, 0), 2.1, "in Sharpe: beats it: bridge (t +2.1), next open (t +2.1); NOT: worst"),
        ((3, 3, 0), 0.4, "ahead, NOT beyond chance: bridge (t +0.4), next open (t +0.4); NOT: worst"),
        ((None, None, None), None, "vol_target has no Sharpe ratio: too few sessions"),
    ],
)
def test_a_strategy_is_judged_under_every_fill_model(metrics, sharpes, t, verdict):
    for fill, sharpe in zip(("bridge", "next_open", "worst"), sharpes, strict=True):
        metrics["strategies"]["buy_and_hold"]["fills"][fill]["sharpe"] = 1.0
        result = metrics["strategies"]["vol_target"]["fills"][fill]
        result["sharpe"], result["sharpe_t_vs_hold"] = sharpe, t
    assert verdict in strategy_verdict(Metrics.model_validate(metrics), "vol_target")


def test_the_return_band_runs_from_worst_to_bridge(metrics):
    worst, next_open, bridge = return_band(Metrics.model_validate(metrics), "vol_target")
    assert worst < next_open < bridge


def lacking(metrics, **counts):
    metrics["span"] |= {"sessions": 288, "buckets": 2007, **counts}
    return gap_notices(Metrics.model_validate(metrics).span)


def test_a_whole_span_is_no_notice(metrics):
    assert lacking(metrics) == []


def test_a_short_gap_is_told_and_what_became_of_its_move(metrics):
    (told,) = lacking(metrics, empty_sessions=3, longest_gap_sessions=1)
    assert told.startswith("GAPS: 3 of 288 sessions have no bars, the longest gap is 1 session; ")
    assert "the next one has the move" in told


def test_a_long_gap_is_told_and_that_nothing_is_measured_across_it(metrics):
    (told,) = lacking(metrics, empty_sessions=105, longest_gap_sessions=105, long_gaps=1)
    assert "105 of 288 sessions have no bars, the longest gap is 105 sessions" in told
    assert "nothing is measured across 1 gap of more than 5" in told


def test_buckets_that_lack_minutes_are_told(metrics):
    (told,) = lacking(metrics, missing_buckets=40, scaled_buckets=38)
    assert "40 lack more than half of their minutes and count as missing, and 38 lack fewer" in told
    assert told.endswith("scaled up")
