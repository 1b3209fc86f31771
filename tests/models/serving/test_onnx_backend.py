"""ONNX Runtime says what torch says, and pads only where padding changes nothing."""

from pathlib import Path

import numpy as np
import pytest

from newsvol.models.serving.onnx_backend import OnnxBackend
from newsvol.models.serving.scorer import load_scorer
from newsvol.models.serving.variants import onnx_model, open_variant

TEXTS = [
    "profit rose sharply",
    "",
    "shares of the bank fell in the quarter, the company said",
    "$ 3.5 %",
    "loss " * 60,
]


@pytest.fixture(scope="module")
def fp32(tiny_start: Path) -> OnnxBackend:
    return OnnxBackend(onnx_model(open_variant(tiny_start)), "fp32", 1)


def test_the_onnx_graph_agrees_with_torch(tiny_start: Path) -> None:
    onnx, torch = (load_scorer(tiny_start, "cpu", name).probabilities(TEXTS) for name in ("onnx", "torch"))
    np.testing.assert_allclose(onnx, torch, atol=1e-5)


def test_no_mask_is_a_mask_of_ones(fp32: OnnxBackend) -> None:
    ids = np.random.default_rng(0).integers(5, 60, (3, 9))
    np.testing.assert_array_equal(fp32.logits(ids, None), fp32.logits(ids, np.ones_like(ids)))


def test_what_stands_behind_a_text_is_not_read(fp32: OnnxBackend) -> None:
    ids = np.random.default_rng(0).integers(5, 60, (2, 9))
    mask = (np.arange(9) < np.array([[5], [9]])).astype(np.int64)
    other = np.where(mask == 1, ids, 7)
    np.testing.assert_array_equal(fp32.logits(ids, mask), fp32.logits(other, mask))
    assert not np.array_equal(fp32.logits(ids, None), fp32.logits(other, None))


def test_int8_is_given_its_texts_one_by_one(tiny_start: Path, fp32: OnnxBackend) -> None:
    int8 = OnnxBackend(onnx_model(open_variant(f"{tiny_start}-int8")), "int8", 1)
    assert (fp32.batch, int8.batch) == (32, 1)
    assert int8.logits(np.array([[2, 7, 9, 3]]), None).shape == (1, 3)
