"""The graphs that are written by hand."""

from pathlib import Path

import numpy as np
import pytest

from newsvol.models.serving.onnx_bert import Precision, bert_graph
from newsvol.models.serving.scorer import load_scorer
from newsvol.models.serving.variants import open_variant
from newsvol.models.serving.weights import read_weights

TEXTS = ["profit rose sharply", "", "shares of the bank fell", "loss " * 60]


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_onnx_package_finds_the_written_file_in_order(tiny_start: Path, precision: Precision) -> None:
    import onnx

    checkpoint = open_variant(tiny_start).checkpoint
    model = onnx.load_model_from_string(bert_graph(checkpoint.config, read_weights(checkpoint), precision))
    onnx.checker.check_model(model)
    inputs = [value.name for value in model.graph.input]
    assert inputs == (["ids", "mask"] if precision == "fp32" else ["ids"])
    assert [value.name for value in model.graph.output] == ["logits"]


def test_the_same_weights_give_the_same_bytes(tiny_start: Path) -> None:
    checkpoint = open_variant(tiny_start).checkpoint
    first, second = (bert_graph(checkpoint.config, read_weights(checkpoint), "int8") for _ in range(2))
    assert first == second


def test_pruned_heads_are_served_as_torch_serves_them(pruned: Path) -> None:
    onnx, torch = (load_scorer(pruned, "cpu", backend) for backend in ("onnx", "torch"))
    np.testing.assert_allclose(onnx.probabilities(TEXTS), torch.probabilities(TEXTS), atol=1e-5)


def test_pruned_heads_are_served_in_int8(pruned: Path) -> None:
    int8, fp32 = (load_scorer(model, "cpu").probabilities(TEXTS) for model in (f"{pruned}-int8", pruned))
    np.testing.assert_allclose(int8, fp32, atol=0.05)
