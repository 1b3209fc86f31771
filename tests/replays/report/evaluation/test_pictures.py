"""The figures of an evaluation draw what it found."""

import numpy as np
import plotly.graph_objects as go
import pytest

from newsvol.replays.evaluation.volatility.evaluation import Evaluation
from newsvol.replays.evaluation.volatility.forecasts import RAW_HAR
from newsvol.replays.report import style
from newsvol.replays.report.evaluation.pictures import (
    calibration_figure,
    cumulative_figure,
    cut_figures,
    drawn_models,
    forecast_figures,
)


def test_the_best_naive_raw_har_the_recipes_and_the_best_are_drawn_once_each(found: Evaluation) -> None:
    drawn = drawn_models(found)
    assert list(drawn) == [found.board.best_naive, RAW_HAR, found.main, found.board.best]
    assert drawn[found.main] == style.HAR


def test_every_figure_is_one_that_plotly_takes(found: Evaluation) -> None:
    figures = {
        **forecast_figures(found),
        **cut_figures(found),
        "cumulative": cumulative_figure(found),
        "calibration": calibration_figure(found),
    }
    for figure in figures.values():
        assert go.Figure(figure).data


def test_a_cumulative_line_ends_at_the_whole_advantage(found: Evaluation) -> None:
    losses = found.board.losses
    ends = {trace["name"]: trace["y"][-1] for trace in cumulative_figure(found)["data"]}
    assert RAW_HAR not in ends
    for name, end in ends.items():
        assert end == pytest.approx((losses[RAW_HAR] - losses[name]).sum(), abs=1e-3)


def test_bars_of_a_cut_are_its_losses(found: Evaluation) -> None:
    for trace in cut_figures(found)["cut-time-of-day"]["data"]:
        rows = [row for row in found.cuts if row.cut == "time of day"]
        assert trace["y"] == [round(row.qlike[trace["name"]], 4) for row in rows]
        assert trace["x"][0].startswith("09:30<br>n = ")


def test_tenths_rise_and_lie_within_what_was_forecast(found: Evaluation) -> None:
    dots, unbiased, steps = calibration_figure(found)["data"]
    assert len(steps["x"]) == 10
    assert (np.diff(steps["x"]) > 0).all()
    assert unbiased["x"][0] <= steps["x"][0] + 0.1
    assert steps["x"][-1] <= unbiased["x"][1] + 0.1
    assert len(dots["x"]) == found.rows.sum()
