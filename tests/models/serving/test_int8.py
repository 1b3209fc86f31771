"""INT8: how it is rounded, kept, and what it says."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from newsvol.models.serving.int8 import int8_file, int8_hash, made_once, quantised
from newsvol.models.serving.scorer import load_scorer
from newsvol.models.serving.variants import onnx_model, open_variant

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


def test_int8_says_nearly_what_fp32_says(tiny_start: Path) -> None:
    fp32, int8 = (
        load_scorer(model, "cpu").probabilities(TEXTS) for model in (tiny_start, f"{tiny_start}-int8")
    )
    np.testing.assert_allclose(int8, fp32, atol=0.05)


def test_int8_says_the_same_bits_alone_and_in_a_batch(tiny_start: Path) -> None:
    scorer = load_scorer(f"{tiny_start}-int8", "cpu")
    alone = np.concatenate([scorer.probabilities([text]) for text in TEXTS])
    np.testing.assert_array_equal(scorer.probabilities(TEXTS), alone)


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


def test_rounding_errs_by_half_a_step_at_most_and_keeps_columns_of_zeros() -> None:
    matrix = np.random.default_rng(0).normal(size=(40, 5)) * [1.0, 10.0, 0.1, 0.0, 1e-6]
    whole, step = quantised(matrix.astype(np.float32), axis=0, levels=63)
    assert whole.dtype == np.int8
    assert np.abs(whole).max() == 63
    assert (np.abs(whole * step - matrix) <= step / 2 * (1 + 1e-5)).all()


def test_what_was_made_once_is_read_and_not_made_again(cache: Path) -> None:
    made: list[bytes] = []

    def make() -> bytes:
        made.append(b"a model")
        return made[-1]

    assert [made_once("sha256:0", make, cache) for _ in range(3)] == [b"a model"] * 3
    assert len(made) == 1
    assert made_once("sha256:1", make, cache) == b"a model"
    assert len(made) == 2


def test_the_shipped_int8_is_half_as_large(cache: Path) -> None:
    variant = open_variant("student-int8")
    weights = sum(file.stat().st_size for file in variant.checkpoint.weights)
    assert len(onnx_model(variant, cache)) < 0.6 * weights


def test_a_hash_tells_the_ways_of_rounding_apart_and_not_the_order_of_ranges() -> None:
    ranges = {"a": (0.0, 1.0), "b": (-1.0, 1.0)}
    turned = dict(reversed(ranges.items()))
    hashes = [int8_hash("sha256:0", None), int8_hash("sha256:1", None), int8_hash("sha256:0", ranges)]
    assert len(set(hashes)) == 3
    assert int8_hash("sha256:0", turned) == hashes[2]
    assert int8_hash("sha256:0", {**ranges, "a": (0.0, 2.0)}) != hashes[2]
