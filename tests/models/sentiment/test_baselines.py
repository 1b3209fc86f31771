"""The baseline: TF-IDF and logistic regression, whose options validation alone chooses."""

from dataclasses import replace

import numpy as np
import pytest

from newsvol.models.sentiment.baselines import fit_tfidf, tfidf_predictions
from newsvol.models.sentiment.metrics import macro_f1
from newsvol.models.text.splits import Parts, Split, split_texts
from newsvol.models.text.texts import Texts


@pytest.fixture(scope="module")
def parts() -> Parts:
    """Sentences with the word of their class or, one in four, that of another."""
    generator = np.random.default_rng(0)
    tone = generator.integers(0, 3, 400)
    said = np.where(generator.random(400) < 0.75, tone, generator.integers(0, 3, 400))
    words = [("fell", "met", "rose")[one] for one in said]
    noise = generator.integers(0, 60, (400, 4))
    text = [f"{word} " + " ".join(f"w{n}" for n in row) for word, row in zip(words, noise, strict=True)]
    return split_texts(Texts(np.array(text, dtype=object), tone), Split(), 0)


def test_it_learns_what_words_tell(parts: Parts) -> None:
    predicted, _ = tfidf_predictions(parts)
    assert predicted.shape == (len(parts.test),)
    assert macro_f1(parts.test.label, predicted) > 0.6


def test_the_options_are_the_best_on_validation(parts: Parts) -> None:
    _, options = fit_tfidf(parts.train, parts.validation)
    # judged by the very texts that it is fitted on, the weakest penalty wins
    _, overfitted = fit_tfidf(parts.train, parts.train)
    assert overfitted["C"] == 30.0
    assert options != overfitted


def test_the_test_labels_choose_nothing(parts: Parts) -> None:
    turned = Texts(parts.test.text, 2 - parts.test.label)
    first, again = tfidf_predictions(parts), tfidf_predictions(replace(parts, test=turned))
    np.testing.assert_array_equal(first[0], again[0])
    assert first[1] == again[1]
