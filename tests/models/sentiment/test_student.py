"""The student that is shipped."""

import json
from pathlib import Path

import numpy as np
import pytest

from newsvol.models.checkpoint import PINS, SHIPPED
from newsvol.models.labels import LABELS
from newsvol.models.serving.scorer import Scorer, load_scorer

GOLDEN = json.loads((Path(__file__).parent / "golden_student.json").read_text(encoding="utf-8"))

CLEAR = [
    ("positive", "Operating profit rose to EUR 13.1 mn from EUR 8.7 mn in the corresponding period in 2007"),
    ("positive", "Company beats earnings estimates and raises full-year guidance"),
    ("positive", "Shares surge to record high after strong quarterly results"),
    ("positive", "Net sales increased by 12% and the order book grew"),
    ("negative", "Company cuts its outlook and warns of lower profit; shares plunge"),
    ("negative", "Operating loss widened to EUR 4.5 mn from EUR 1.2 mn a year earlier"),
    ("negative", "Net sales decreased by 18% and the company will lay off 300 employees"),
    ("negative", "Shares tumble as bank reports a big quarterly loss"),
    ("neutral", "The company is headquartered in Helsinki and has offices in twelve countries"),
    ("neutral", "The annual general meeting will be held on 5 April"),
    ("neutral", "The value of the contract was not disclosed"),
]


@pytest.fixture(scope="module")
def student() -> Scorer:
    return load_scorer("student", "cpu")


def test_it_loads_without_a_folder_and_says_its_name(student: Scorer) -> None:
    assert student.name == "student"


def test_it_is_small() -> None:
    assert sum(file.stat().st_size for file in SHIPPED["student"].iterdir()) < 25e6


def test_every_file_is_pinned() -> None:
    pinned = {line.split()[1] for line in (SHIPPED["student"] / PINS).read_text().splitlines()}
    assert pinned == {file.name for file in SHIPPED["student"].iterdir()} - {PINS}


@pytest.mark.parametrize(("label", "text"), CLEAR)
def test_a_clear_sentence_gets_its_label(student: Scorer, label: str, text: str) -> None:
    assert LABELS[student.probabilities([text]).argmax()] == label


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_golden_probabilities_hold(backend: str) -> None:
    rows = load_scorer("student", "cpu", backend).probabilities([*GOLDEN])
    np.testing.assert_allclose(rows, [*GOLDEN.values()], atol=2e-4)


def test_alone_and_in_a_batch_agree(student: Scorer) -> None:
    texts = [text for _, text in CLEAR] + [*GOLDEN]
    alone = np.concatenate([student.probabilities([text]) for text in texts])
    np.testing.assert_allclose(student.probabilities(texts), alone, atol=1e-4)


def test_it_loads_with_transformers_and_agrees(student: Scorer) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    network = AutoModelForSequenceClassification.from_pretrained(SHIPPED["student"], dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED["student"])
    texts = [*GOLDEN]
    with torch.inference_mode():
        logits = network(**tokenizer(texts, padding=True, truncation=True, return_tensors="pt")).logits
    np.testing.assert_allclose(logits.softmax(dim=1).numpy(), student.probabilities(texts), atol=1e-4)


@pytest.mark.real
@pytest.mark.slow
def test_it_beats_the_baseline_on_the_held_out_split(student: Scorer, data_dir: Path) -> None:
    from newsvol.models.sentiment.baselines import tfidf_predictions
    from newsvol.models.sentiment.corpus import gather
    from newsvol.models.sentiment.metrics import macro_f1
    from newsvol.models.sentiment.recipe import load_training_recipe

    parts = gather(load_training_recipe("student"), data_dir).parts
    said = student.probabilities(parts.test.text.tolist()).argmax(axis=1)
    assert macro_f1(parts.test.label, said) > macro_f1(parts.test.label, tfidf_predictions(parts)[0]) + 0.03
