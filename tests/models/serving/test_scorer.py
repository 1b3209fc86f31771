"""Scorers: what they say, of what, and what they need."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from newsvol.engine.errors import ModelError
from newsvol.models.serving.scorer import load_scorer

TEXTS = [
    "profit rose sharply",
    "",
    "shares of the bank fell in the quarter, the company said",
    "$ 3.5 %",
    "loss " * 60,
]


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_rows_sum_to_one(tiny_start: Path, backend: str) -> None:
    rows = load_scorer(tiny_start, "cpu", backend).probabilities(TEXTS)
    assert rows.shape == (len(TEXTS), 3)
    assert rows.dtype == np.float64
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_the_same_call_gives_the_same_bits_also_from_a_new_scorer(tiny_start: Path, backend: str) -> None:
    first, second = (load_scorer(tiny_start, "cpu", backend) for _ in range(2))
    wanted = first.probabilities(TEXTS)
    for scorer in (first, second):
        np.testing.assert_array_equal(scorer.probabilities(TEXTS), wanted)


def test_no_texts_give_no_rows(tiny_start: Path) -> None:
    assert load_scorer(tiny_start, "cpu").probabilities([]).shape == (0, 3)


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_a_text_alone_and_in_a_batch_agree(tiny_start: Path, backend: str) -> None:
    scorer = load_scorer(tiny_start, "cpu", backend)
    texts = [f"{text} {n}" for n in range(8) for text in TEXTS]
    alone = np.concatenate([scorer.probabilities([text]) for text in texts])
    np.testing.assert_allclose(scorer.probabilities(texts), alone, atol=1e-4)


def test_columns_follow_the_labels_of_the_configuration(tiny: Path) -> None:
    before = load_scorer(tiny, "cpu").probabilities(TEXTS)
    config = json.loads((tiny / "config.json").read_text())
    labels = {"0": "Neutral", "1": "NEGATIVE", "2": "positive"}
    (tiny / "config.json").write_text(json.dumps({**config, "id2label": labels}))
    # 0 was positive and is neutral now, 1 stays negative, 2 was neutral and is positive now.
    np.testing.assert_allclose(
        load_scorer(tiny, "cpu").probabilities(TEXTS), before[:, [0, 2, 1]], rtol=1e-12
    )


def test_the_scorer_says_what_it_is(tiny_start: Path) -> None:
    scorer = load_scorer(tiny_start, "cpu")
    assert scorer.name == "tiny"
    assert scorer.device == "cpu"
    assert scorer.backend.startswith("onnxruntime ")


def test_the_onnx_back_end_refuses_what_it_cannot_write(tiny: Path) -> None:
    config = json.loads((tiny / "config.json").read_text())
    (tiny / "config.json").write_text(json.dumps({**config, "hidden_act": "relu"}))
    with pytest.raises(ModelError, match="backend onnx runs BERT classifiers"):
        load_scorer(tiny, "cpu", "onnx")
    assert load_scorer(tiny, "cpu").backend.startswith("torch ")


def test_importing_serving_imports_nothing_heavy() -> None:
    heavy = {"torch", "transformers", "onnxruntime", "onnx", "tokenizers"}
    code = f"import sys, newsvol.models.serving.scorer; print(*({heavy!r} & set(sys.modules)))"
    assert run_python(code) == ""


SERVING_NEEDS = {"numpy", "onnxruntime", "safetensors", "tokenizers"}


@pytest.mark.parametrize("suffix", ["", "-int8"])
def test_scoring_on_a_cpu_imports_nothing_but_what_it_needs(tiny_start: Path, suffix: str) -> None:
    code = f"""
import sys
before = set(sys.modules)
from newsvol.models.serving.scorer import load_scorer
load_scorer({str(tiny_start) + suffix!r}, "cpu").probabilities(["profit rose"])
new = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(*(name for name in new - set(sys.stdlib_module_names) if not name.startswith(("_", "newsvol"))))
"""
    assert set(run_python(code).split()) <= SERVING_NEEDS
