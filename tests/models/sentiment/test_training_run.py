"""A training run, from a recipe to a folder that can be served."""

import json
from pathlib import Path

from newsvol.models.checkpoint import PINS, open_checkpoint
from newsvol.models.serving.scorer import load_scorer


def test_a_recipe_becomes_a_loadable_pinned_folder_with_results(run_with) -> None:
    results, folder = run_with(teacher={"seeds": [1, 2], "epochs": 4}, epochs=4)
    assert json.loads((folder / "training.json").read_text()) == results
    assert results["texts"]["train"] + results["texts"]["validation"] + results["texts"]["test"] == 120
    assert set(results["test"]) == {"majority", "tfidf_logistic", "teacher", "student"}
    assert results["model"]["hash"] == open_checkpoint(folder).model_hash
    assert results["model"]["num_hidden_layers"] == 1
    assert (folder / PINS).is_file()
    split = json.loads((folder / "split.json").read_text())
    assert not set(split["test"]) & {*split["train"], *split["validation"]}
    for served in (folder, f"{folder}-int8", f"{folder}-int8-static"):
        assert load_scorer(served, "cpu").probabilities(["profit rose"]).shape == (1, 3)


def test_the_folder_loads_with_transformers(run_with) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    _, folder = run_with()
    network = AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert [network.config.id2label[n] for n in range(3)] == ["negative", "neutral", "positive"]
    assert tokenizer("profit rose", return_tensors="pt").input_ids.shape == (1, 4)


def test_a_run_goes_on_from_its_work_folder(run_with, tmp_path: Path) -> None:
    (_, first), (_, again) = (run_with(tmp_path / "work") for _ in range(2))
    assert open_checkpoint(first).model_hash == open_checkpoint(again).model_hash
    assert not [*(tmp_path / "work").rglob("*-checkpoints")]  # a teacher that has answered needs none


def test_variations_are_labelled_by_the_teachers_and_counted(run_with) -> None:
    plain, varied = run_with()[0], run_with(recipe={"augmented": {"copies": 2}})[0]
    more = varied["texts"]["unlabelled"] - plain["texts"]["unlabelled"]
    assert 0 < more <= 2 * varied["texts"]["train"]
