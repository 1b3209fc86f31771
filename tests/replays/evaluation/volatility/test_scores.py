"""Losses and tests of every model on the same buckets."""

import numpy as np
import pytest

from newsvol.replays.evaluation.volatility.evaluation import Evaluation
from newsvol.signals.volatility.losses import forecast_losses


def test_losses_are_those_of_the_signals(found: Evaluation) -> None:
    realized = found.history.measures.rv[found.rows]
    for name, score in found.board.models.items():
        plain = forecast_losses(realized, found.lineup.variance[name][found.rows])
        assert {key: getattr(score, key) for key in plain} == plain
        assert score.excess_qlike == pytest.approx(plain["qlike"] - found.board.noise_floor)


def test_a_model_against_itself_has_no_test(found: Evaluation) -> None:
    assert np.isnan(found.board.models["har"].dm_har.t)
    assert np.isnan(found.board.models[found.board.best_naive].dm_best.t)


def test_robust_losses_leave_out_the_worst_hundredth_and_half(found: Evaluation) -> None:
    for name, score in found.board.models.items():
        loss = np.sort(found.board.losses[name])
        assert score.qlike_99 == pytest.approx(loss[: len(loss) - len(loss) // 100].mean())
        assert score.qlike_median == pytest.approx(np.median(loss))
        assert score.qlike_median < score.qlike_99 < score.qlike
