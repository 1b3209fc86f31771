"""Models by name: what a name serves, and what it cannot."""

import json
from pathlib import Path

import numpy as np
import pytest

from newsvol.engine.errors import ModelError, UnknownNameError
from newsvol.models.serving.scorer import load_scorer
from newsvol.models.serving.variants import known_names, onnx_model, open_variant, size_on_disk

TEXTS = [
    "profit rose sharply",
    "",
    "shares of the bank fell in the quarter, the company said",
    "$ 3.5 %",
    "loss " * 60,
]


def test_a_folder_is_served_in_int8_by_its_name(tiny_start: Path) -> None:
    scorer = load_scorer(f"{tiny_start}-int8", "cpu")
    assert scorer.name == "tiny-int8"
    assert scorer.model_hash != load_scorer(tiny_start, "cpu").model_hash
    np.testing.assert_allclose(scorer.probabilities(TEXTS).sum(axis=1), 1, rtol=1e-12)


def test_a_folder_whose_name_ends_so_is_served_as_it_is(tiny: Path) -> None:
    folder = tiny.rename(tiny.with_name("mine-int8"))
    assert open_variant(folder).precision == "fp32"


def test_a_typo_is_told_the_known_names() -> None:
    assert known_names() == ["student", "student-int8", "student-int8-static"]
    with pytest.raises(
        UnknownNameError,
        match=r"did you mean 'student-int8'.*known: student, student-int8, st",
    ):
        load_scorer("studnet-int8")


@pytest.mark.gpu
def test_int8_on_a_gpu_is_refused_not_moved(tiny_start: Path) -> None:
    with pytest.raises(ModelError, match="tiny-int8 runs on the CPU; use --device cpu"):
        load_scorer(f"{tiny_start}-int8", "cuda")


def test_size_is_what_is_loaded_the_int8_model_instead_of_the_weights(tiny_start: Path) -> None:
    plain, int8 = open_variant(tiny_start), open_variant(f"{tiny_start}-int8")
    (weights,) = plain.checkpoint.weights
    about = sum((tiny_start / name).stat().st_size for name in ("config.json", "tokenizer.json"))
    assert size_on_disk(plain) == about + weights.stat().st_size
    assert size_on_disk(int8) == about + len(onnx_model(int8))
    assert len(onnx_model(int8)) < weights.stat().st_size


def test_int8_in_torch_is_refused(tiny_start: Path) -> None:
    with pytest.raises(ModelError, match="in ONNX Runtime, not in torch"):
        load_scorer(f"{tiny_start}-int8", "cpu", "torch")


def test_int8_of_what_is_no_bert_is_refused(tiny: Path) -> None:
    config = json.loads((tiny / "config.json").read_text())
    (tiny / "config.json").write_text(json.dumps({**config, "model_type": "roberta"}))
    with pytest.raises(ModelError, match="-int8 is for BERT classifiers"):
        load_scorer(f"{tiny}-int8", "cpu")
