"""What a run learns from overlaps nothing that it is judged by."""

from pathlib import Path

import pytest

from newsvol.engine.errors import InputError
from newsvol.models.labels import LABELS
from newsvol.models.sentiment.corpus import gather
from newsvol.models.sentiment.recipe import TrainingRecipe, load_training_recipe
from newsvol.models.text.texts import key


def test_a_leak_stops_a_run_that_refuses_it(tmp_path: Path) -> None:
    sentences = [f"profit of company {n} rose {n * 3}" for n in range(40)]
    (tmp_path / "t.csv").write_text(
        "\n".join(["text,label", *(f"{text},{LABELS[n % 3]}" for n, text in enumerate(sentences))])
    )
    (tmp_path / "more.csv").write_text("\n".join(["text,label", *(f"{text},neutral" for text in sentences)]))
    wanted = {
        "name": "x",
        "seed": 1,
        "start": "x",
        "evaluated": {"file": "t.csv", "label": "label"},
        "labelled": [{"file": "more.csv", "label": "label"}],
        "student": {"layers": [0], "hard_weight": 1},
    }
    assert gather(TrainingRecipe.model_validate(wanted), tmp_path).dropped > 0
    with pytest.raises(InputError, match=r"training texts overlap held-out ones, the first: 'profit of comp"):
        gather(TrainingRecipe.model_validate({**wanted, "split": {"overlapping": "refuse"}}), tmp_path)


@pytest.mark.real
def test_no_other_source_of_the_shipped_recipe_holds_a_test_sentence(data_dir: Path) -> None:
    corpus = gather(load_training_recipe("student"), data_dir)
    held = {key(text) for text in [*corpus.parts.test.text, *corpus.parts.validation.text]}
    assert not held & {key(text) for text in [*corpus.training().text, *corpus.unlabelled.text]}
