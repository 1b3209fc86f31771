"""Steps captured on a GPU say what they say uncaptured on the CPU."""

from pathlib import Path

import numpy as np
import pytest

from newsvol.models.serving.scorer import load_scorer

WORDS = ("profit", "rose", "of", "the", "bank")


TEXTS = [" ".join(WORDS[n % 5] for n in range(words)) for words in range(70)]


@pytest.mark.gpu
def test_a_graph_on_a_gpu_agrees_with_fp32_on_the_cpu(tiny_start: Path) -> None:
    on_gpu = load_scorer(tiny_start, "cuda").logits
    on_cpu = load_scorer(tiny_start, "cpu", "torch").logits
    for texts in ([[text] for text in TEXTS], [TEXTS[:3], TEXTS[:16], TEXTS, TEXTS * 20]):
        for few in texts:
            np.testing.assert_allclose(on_gpu(few), on_cpu(few), atol=0.05)


@pytest.mark.gpu
def test_a_graph_on_a_gpu_gives_the_same_bits_again(tiny_start: Path) -> None:
    scores = load_scorer(tiny_start, "cuda").logits
    wanted = [scores([text]) for text in TEXTS]
    for text, expected in reversed(list(zip(TEXTS, wanted, strict=True))):
        np.testing.assert_array_equal(scores([text]), expected)
