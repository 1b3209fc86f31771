"""What the metrics of a run must hold."""

import json

import pytest
from run_factory import edit_json

from newsvol.engine.errors import RunError
from newsvol.replays.runs.reader import load_run
from newsvol.replays.runs.schema import Metrics


def test_the_traded_forecast_and_its_rivals_are_told_from_the_metrics(make_run):
    metrics = load_run(make_run()).metrics
    assert (metrics.forecast.main, metrics.forecast.har) == ("fused", "log-har-p")
    assert metrics.forecast.best("naive") == "diurnal-ewma"
    assert (metrics.main_strategy, metrics.buy_and_hold) == ("vol_target", "buy_and_hold")


def test_a_run_without_har_is_compared_with_the_naive_forecasts_alone(make_run):
    folder = make_run()
    edit_json(folder / "metrics.json", lambda metrics: metrics["forecast"]["models"].pop("log-har-p"))
    forecast = load_run(folder).metrics.forecast
    assert forecast.har is None
    assert forecast.main == "fused"


def test_a_damaged_metric_is_named_by_its_place(make_run):
    folder = make_run()

    def spoil(metrics):
        metrics["strategies"]["vol_target"]["fills"]["worst"]["sharpe"] = "high"

    edit_json(folder / "metrics.json", spoil)
    with pytest.raises(RunError, match=r"strategies\.vol_target\.fills\.worst\.sharpe"):
        load_run(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["strategies"].pop("buy_and_hold"), "no buy_and_hold"),
        (lambda m: m["strategies"]["vol_target"]["fills"].pop("worst"), "fills lacks worst"),
        (lambda m: m["latency"]["stages"]["headline"].pop("total"), "headline lacks total"),
        (lambda m: m["forecast"].update(models={}), "no naive forecaster"),
    ],
)
def test_metrics_without_a_baseline_are_refused(make_run, change, message):
    folder = make_run()
    edit_json(folder / "metrics.json", change)
    with pytest.raises(RunError, match=message):
        load_run(folder)


def test_metrics_are_checked_from_the_dict_that_was_written(make_run):
    raw = json.loads((make_run() / "metrics.json").read_text())
    assert Metrics.model_validate(raw).span.bars == raw["span"]["bars"]
