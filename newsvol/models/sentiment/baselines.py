"""What a learned model must beat: TF-IDF with logistic regression, on the same split."""

from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from newsvol.engine.arrays import IntArray
from newsvol.models.sentiment.metrics import macro_f1
from newsvol.models.text.splits import Parts
from newsvol.models.text.texts import Texts

_STRENGTHS: Final = (1.0, 3.0, 10.0, 30.0)
_CLASS_WEIGHTS: Final = (None, "balanced")


def tfidf_predictions(parts: Parts) -> tuple[IntArray, dict[str, object]]:
    """Return the baseline's classes of the test texts, shape (N,), and the options that validation chose."""
    model, options = fit_tfidf(parts.train, parts.validation)
    return np.asarray(model.predict(parts.test.text), np.int64), options


def fit_tfidf(train: Texts, validation: Texts) -> tuple[Any, dict[str, object]]:
    """Return the fitted pipeline of scikit-learn whose options do best on `validation`, and those options."""
    best: tuple[float, Any, dict[str, object]] | None = None
    for strength in _STRENGTHS:
        for weights in _CLASS_WEIGHTS:
            model = make_pipeline(
                TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
                LogisticRegression(C=strength, class_weight=weights, max_iter=2000),
            )
            model.fit(train.text, train.label)
            value = macro_f1(validation.label, model.predict(validation.text))
            if best is None or value > best[0]:
                best = value, model, {"C": strength, "class_weight": weights}
    assert best is not None
    return best[1], best[2]
