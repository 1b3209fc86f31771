import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from newsvol.models.sentiment.metrics import agreement, calibration_error, macro_f1, macro_f1_gain, quality

classes = st.integers(0, 2)
pairs = st.lists(st.tuples(classes, classes), min_size=1, max_size=50).map(
    lambda rows: np.array(rows, np.int64).T
)


@given(pairs)
@settings(max_examples=50, deadline=None)
def test_scores_agree_with_scikit_learn(rows: np.ndarray) -> None:
    truth, said = rows
    assert macro_f1(truth, said) == pytest.approx(
        f1_score(truth, said, labels=[0, 1, 2], average="macro", zero_division=0.0)
    )
    assert quality(truth, said).accuracy == pytest.approx(accuracy_score(truth, said))


def test_intervals_hold_the_estimate_and_are_seeded() -> None:
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 3, 300)
    said = np.where(generator.random(300) < 0.8, truth, 1)
    found = quality(truth, said)
    assert found.macro_f1_interval[0] < found.macro_f1 < found.macro_f1_interval[1]
    assert found == quality(truth, said)


def test_the_gain_over_oneself_is_nothing() -> None:
    truth = np.array([0, 1, 2, 2])
    assert macro_f1_gain(truth, truth, truth) == (0.0, 0.0, 0.0)


def test_a_certain_model_that_is_half_right_is_off_by_half() -> None:
    assert calibration_error(np.array([0, 1]), np.array([[1.0, 0, 0], [1.0, 0, 0]])) == pytest.approx(0.5)


def test_agreement_counts_equal_answers_and_flips_of_polarity_apart() -> None:
    ours, theirs = (np.eye(3)[said] for said in ([0, 0, 1, 2], [0, 2, 2, 2]))
    assert agreement(ours, theirs) == {"agreement": 0.5, "polarity_flips": 0.25, "largest_difference": 1.0}
