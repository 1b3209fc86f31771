"""Twenty sentences, and what every back end must say of them; rewritten by tests/support/golden_logits.py."""

import json
from pathlib import Path

import numpy as np
import pytest

from newsvol.models.serving.scorer import load_scorer

GOLDEN = json.loads((Path(__file__).parent / "golden_logits.json").read_text(encoding="utf-8"))
TEXTS = [row["text"] for row in GOLDEN["sentences"]]

FP32_TOLERANCE = 1e-3
"""Logits are of order one; sums in another order differ by some 1e-5."""

INT8_TOLERANCE = 0.05
"""INT8 against itself elsewhere: whole-number sums are exact, but an input on the edge rounds either way."""

INT8_FROM_FP32 = 0.5
"""INT8 against FP32."""


def wanted(precision: str) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    return np.array([row[precision] for row in GOLDEN["sentences"]])


def test_there_are_twenty_for_the_models_that_are_shipped() -> None:
    assert len(TEXTS) == 20
    assert load_scorer("student", "cpu").model_hash == GOLDEN["fp32_model"]
    assert load_scorer("student-int8", "cpu").model_hash == GOLDEN["int8_model"]


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_fp32_holds_on_each_back_end(backend: str) -> None:
    logits = load_scorer("student", "cpu", backend).logits(TEXTS)
    np.testing.assert_allclose(logits, wanted("fp32"), atol=FP32_TOLERANCE)


def test_int8_holds() -> None:
    np.testing.assert_allclose(
        load_scorer("student-int8", "cpu").logits(TEXTS), wanted("int8"), atol=INT8_TOLERANCE
    )


def test_int8_is_near_fp32_and_flips_no_polarity() -> None:
    np.testing.assert_allclose(wanted("int8"), wanted("fp32"), atol=INT8_FROM_FP32)
    assert (abs(wanted("int8").argmax(axis=1) - wanted("fp32").argmax(axis=1)) < 2).all()


def test_static_int8_is_near_fp32_and_flips_no_polarity() -> None:
    said = load_scorer("student-int8-static", "cpu").logits(TEXTS)
    np.testing.assert_allclose(said, wanted("fp32"), atol=INT8_FROM_FP32)
    assert (abs(said.argmax(axis=1) - wanted("fp32").argmax(axis=1)) < 2).all()
