"""The results of a run: figures over seeds with their interval."""

import numpy as np
import pytest

from newsvol.models.sentiment.results import mean_and_interval, over_seeds


def test_further_seeds_are_reported_with_an_interval(run_with) -> None:
    results, _ = run_with(repeats=[5, 6])
    spread = results["student_over_seeds"]
    assert spread["seeds"] == [1, 5, 6]
    low, high = spread["macro_f1"]["interval"]
    assert low <= spread["macro_f1"]["mean"] <= high
    assert len(spread["accuracy"]["each"]) == len(spread["ece"]["each"]) == 3


def test_the_interval_over_seeds_is_students() -> None:
    said = mean_and_interval([0.8, 0.81, 0.82])
    assert said["mean"] == 0.81
    assert said["interval"] == pytest.approx(
        [0.81 - 4.303 * 0.01 / 3**0.5, 0.81 + 4.303 * 0.01 / 3**0.5], abs=1e-4
    )
    assert mean_and_interval([0.8])["interval"] is None


def test_a_seed_that_hits_more_scores_more() -> None:
    truth = np.array([0, 1, 2, 2])
    right, wrong = np.eye(3)[truth], np.eye(3)[[0, 1, 2, 1]]
    said = over_seeds(truth, {7: right, 3: wrong})
    assert said["seeds"] == [7, 3]
    assert said["accuracy"]["each"] == [1.0, 0.75]
    assert said["ece"]["each"] == [0.0, 0.25]
    assert said["macro_f1"]["mean"] == pytest.approx((1 + (1 + 2 / 3 + 2 / 3) / 3) / 2, abs=1e-4)
