"""INT8 variants: how they are named, made, kept, and what they say."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from newsvol.engine.errors import DeviceError, ModelError, UnknownNameError
from newsvol.models.serving.int8 import int8_file, quantised
from newsvol.models.serving.scorer import load_scorer
from newsvol.models.serving.variants import known_names, onnx_model, open_variant

TEXTS = [
    "profit rose sharply",
    "",
    "shares of the bank fell in the quarter, the company said",
    "$ 3.5 %",
    "loss " * 60,
]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_a_folder_is_served_in_int8_by_its_name(tiny_start: Path) -> None:
    scorer = load_scorer(f"{tiny_start}-int8", "cpu")
    assert scorer.name == "tiny-int8"
    assert scorer.model_hash != load_scorer(tiny_start, "cpu").model_hash
    np.testing.assert_allclose(scorer.probabilities(TEXTS).sum(axis=1), 1, rtol=1e-12)


def test_int8_says_nearly_what_fp32_says(tiny_start: Path) -> None:
    fp32, int8 = (
        load_scorer(model, "cpu").probabilities(TEXTS) for model in (tiny_start, f"{tiny_start}-int8")
    )
    np.testing.assert_allclose(int8, fp32, atol=0.05)


def test_int8_says_the_same_bits_alone_and_in_a_batch(tiny_start: Path) -> None:
    scorer = load_scorer(f"{tiny_start}-int8", "cpu")
    alone = np.concatenate([scorer.probabilities([text]) for text in TEXTS])
    np.testing.assert_array_equal(scorer.probabilities(TEXTS), alone)


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


def test_int8_is_kept_under_the_hash_of_the_model(tiny: Path, cache: Path) -> None:
    before = open_variant(f"{tiny}-int8")
    made = onnx_model(before, cache)
    assert int8_file(before.model_hash, cache).is_file()
    assert onnx_model(before, cache) == made
    weights = load_file(tiny / "model.safetensors")
    weights["bert.pooler.dense.weight"] *= 2
    save_file(weights, tiny / "model.safetensors", metadata={"format": "pt"})
    assert onnx_model(open_variant(f"{tiny}-int8"), cache) != made
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_a_damaged_cache_file_is_made_again(tiny_start: Path, cache: Path, damage: bytes | None) -> None:
    variant = open_variant(f"{tiny_start}-int8")
    made = onnx_model(variant, cache)
    file = int8_file(variant.model_hash, cache)
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if damage is None else damage)
    assert onnx_model(variant, cache) == made
    assert file.read_bytes() == content


def test_a_cache_that_cannot_be_written_is_done_without(tiny_start: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert onnx_model(open_variant(f"{tiny_start}-int8"), tmp_path / "file" / "models")


def test_int8_on_cuda_is_refused_not_moved(tiny_start: Path) -> None:
    with pytest.raises((ModelError, DeviceError), match=r"runs on the CPU; use --device cpu|asked for"):
        load_scorer(f"{tiny_start}-int8", "cuda")


def test_int8_in_torch_is_refused(tiny_start: Path) -> None:
    with pytest.raises(ModelError, match="in ONNX Runtime, not in torch"):
        load_scorer(f"{tiny_start}-int8", "cpu", "torch")


def test_int8_of_what_is_no_bert_is_refused(tiny: Path) -> None:
    config = json.loads((tiny / "config.json").read_text())
    (tiny / "config.json").write_text(json.dumps({**config, "model_type": "roberta"}))
    with pytest.raises(ModelError, match="-int8 is for BERT classifiers"):
        load_scorer(f"{tiny}-int8", "cpu")


def test_missing_weights_are_refused_by_name_in_int8_too(tiny: Path) -> None:
    weights = load_file(tiny / "model.safetensors")
    del weights["bert.encoder.layer.1.output.dense.weight"]
    save_file(weights, tiny / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks weights bert\.encoder\.layer\.1\.output\.dense\.weight"):
        load_scorer(f"{tiny}-int8", "cpu")


def test_rounding_errs_by_half_a_step_at_most_and_keeps_columns_of_zeros() -> None:
    matrix = np.random.default_rng(0).normal(size=(40, 5)) * [1.0, 10.0, 0.1, 0.0, 1e-6]
    whole, step = quantised(matrix.astype(np.float32), axis=0, levels=63)
    assert whole.dtype == np.int8
    assert np.abs(whole).max() == 63
    assert (np.abs(whole * step - matrix) <= step / 2 * (1 + 1e-5)).all()


def test_the_shipped_int8_is_made_in_under_a_second_and_is_half_as_large(cache: Path) -> None:
    variant = open_variant("student-int8")
    begun = time.process_time()
    made = onnx_model(variant, cache)
    assert time.process_time() - begun < 1.0
    assert len(made) < 0.6 * sum(file.stat().st_size for file in variant.checkpoint.weights)
