"""Weights are those of the configuration, or refused by name."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as load_torch_file
from safetensors.torch import save_file as save_torch_file
from transformers import AutoModelForSequenceClassification

from newsvol.engine.errors import ModelError
from newsvol.models.serving.onnx_bert import WORDS
from newsvol.models.serving.scorer import load_scorer
from newsvol.models.serving.variants import open_variant
from newsvol.models.serving.weights import count_parameters, read_weights

BACKENDS = ["onnx", "torch"]


def reweigh(folder: Path, change) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize("backend", BACKENDS)
def test_missing_weights_are_refused_by_name(tiny: Path, backend: str) -> None:
    reweigh(tiny, lambda weights: weights.pop("bert.encoder.layer.1.output.dense.weight"))
    with pytest.raises(ModelError, match=r"lacks weights bert\.encoder\.layer\.1\.output\.dense\.weight"):
        load_scorer(tiny, "cpu", backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_extra_weights_are_refused_by_name(tiny: Path, backend: str) -> None:
    reweigh(tiny, lambda weights: weights.update(stranger=np.zeros(3, np.float32)))
    with pytest.raises(ModelError, match="unknown weights stranger"):
        load_scorer(tiny, "cpu", backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_mis_shaped_weights_are_refused_by_name(tiny: Path, backend: str) -> None:
    reweigh(tiny, lambda weights: weights.update({"classifier.bias": np.zeros(4, np.float32)}))
    with pytest.raises(ModelError, match=r"classifier\.bias"):
        load_scorer(tiny, "cpu", backend)


def test_parameters_are_counted_from_the_file(tiny_start: Path) -> None:
    network = AutoModelForSequenceClassification.from_pretrained(tiny_start, dtype=torch.float32)
    assert count_parameters(open_variant(tiny_start).checkpoint) == sum(
        p.numel() for p in network.parameters()
    )


def test_missing_weights_are_refused_by_name_in_int8_too(tiny: Path) -> None:
    reweigh(tiny, lambda weights: weights.pop("bert.encoder.layer.1.output.dense.weight"))
    with pytest.raises(ModelError, match=r"lacks weights bert\.encoder\.layer\.1\.output\.dense\.weight"):
        load_scorer(f"{tiny}-int8", "cpu")


def test_half_precision_is_read_in_full_but_for_the_table_of_words(tiny: Path) -> None:
    def halve(weights) -> None:
        weights.update({name: value.astype(np.float16) for name, value in weights.items()})

    reweigh(tiny, halve)
    weights = read_weights(open_variant(tiny).checkpoint)
    assert {name for name, value in weights.items() if value.dtype != np.float32} == {WORDS}
    assert weights[WORDS].dtype == np.float16


def test_numbers_that_numpy_does_not_have_are_refused_with_what_to_do(tiny: Path) -> None:
    file = tiny / "model.safetensors"
    save_torch_file({name: value.bfloat16() for name, value in load_torch_file(file).items()}, file)
    with pytest.raises(ModelError, match="is BF16; save the model in float16 or float32"):
        read_weights(open_variant(tiny).checkpoint)
