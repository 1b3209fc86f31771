import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from newsvol.cli.sentiment import sentiment
from newsvol.engine.errors import InputError, ModelError, OutputError
from newsvol.models.checkpoint import open_checkpoint
from newsvol.models.serving import load_scorer


def invoke(*arguments: object):
    return CliRunner().invoke(sentiment, [str(argument) for argument in arguments], catch_exceptions=True)


@pytest.fixture
def trained(tiny_recipe: Path, made_up_data: Path, tmp_path: Path) -> Path:
    out = tmp_path / "out"
    done = invoke("train", tiny_recipe, "--data", made_up_data, "--out", out, "--device", "cpu", "--quiet")
    assert done.exit_code == 0, done.output
    return out


def test_a_recipe_becomes_a_loadable_pinned_folder_with_results(trained: Path) -> None:
    results = json.loads((trained / "training.json").read_text())
    assert results["texts"]["train"] + results["texts"]["validation"] + results["texts"]["test"] == 120
    assert set(results["test"]) == {"majority", "tfidf_logistic", "teacher", "student"}
    assert results["model"]["hash"] == open_checkpoint(trained).model_hash
    assert results["model"]["num_hidden_layers"] == 1
    split = json.loads((trained / "split.json").read_text())
    assert not set(split["test"]) & {*split["train"], *split["validation"]}
    assert load_scorer(trained, "cpu").probabilities(["profit rose"]).shape == (1, 3)


def test_the_folder_loads_with_transformers(trained: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    network = AutoModelForSequenceClassification.from_pretrained(trained)
    tokenizer = AutoTokenizer.from_pretrained(trained)
    assert [network.config.id2label[n] for n in range(3)] == ["negative", "neutral", "positive"]
    assert tokenizer("profit rose", return_tensors="pt").input_ids.shape == (1, 4)


def test_an_out_folder_that_exists_is_left_alone(
    trained: Path, tiny_recipe: Path, made_up_data: Path
) -> None:
    done = invoke("train", tiny_recipe, "--data", made_up_data, "--out", trained)
    assert isinstance(done.exception, OutputError)


def test_a_start_that_is_not_there_is_refused_without_a_download(
    tiny_recipe: Path, made_up_data: Path, tmp_path: Path
) -> None:
    recipe = json.loads(tiny_recipe.read_text())
    tiny_recipe.write_text(json.dumps({**recipe, "start": "some-org/some-model"}))
    done = invoke("train", tiny_recipe, "--data", made_up_data, "--out", tmp_path / "out")
    assert isinstance(done.exception, ModelError)
    assert "--download" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_class_weights_have_mean_one_over_the_texts() -> None:
    from newsvol.models.fitting import class_weights

    label = np.array([0, 1, 1, 1, 2, 2, -100])
    for rule in ("none", "sqrt_balanced", "balanced"):
        assert class_weights(label, rule)[label[label >= 0]].mean() == pytest.approx(1)
    assert class_weights(label, "none").tolist() == [1, 1, 1]
    assert class_weights(label, "balanced").tolist() == pytest.approx([2, 2 / 3, 1])


@pytest.mark.parametrize("layers", [[0, 1, 7]])
def test_a_layer_that_does_not_exist_is_refused(tiny_start: Path, layers: list[int]) -> None:
    from newsvol.models.networks import cut, load_start

    with pytest.raises(ModelError, match="layer 7 does not exist: there are 3"):
        cut(load_start(str(tiny_start), 0), layers)


def test_evaluate_counts_hits(tiny_start: Path, tmp_path: Path) -> None:
    texts = ["profit rose", "shares fell", "the bank said", "sales"]
    said = load_scorer(tiny_start, "cpu").probabilities(texts).argmax(axis=1)
    names = [("negative", "Neutral", "POSITIVE")[number] for number in said]
    (tmp_path / "t.csv").write_text("\n".join(["text,label", *map(",".join, zip(texts, names, strict=True))]))
    done = invoke(
        "evaluate", "--data", tmp_path / "t.csv", "--model", tiny_start, "--device", "cpu", "--json"
    )
    result = json.loads(done.output)
    assert result["accuracy"] == 1
    assert result["n"] == 4
    assert {"macro_f1", "f1", "majority_accuracy", "model_hash", "device"} <= result.keys()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("headline,label\nx,neutral\n", "has no column text; found: headline, label"),
        (
            "text,label\nx,neutral\ny,bullish\n",
            r"line 3: label 'bullish' is not one of negative, neutral, positive",
        ),
        ("text,label\n", "has no rows"),
        ("", "has no column text and label; found: nothing"),
    ],
)
def test_evaluate_refuses_a_wrong_file(tiny_start: Path, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    done = invoke("evaluate", "--data", tmp_path / "t.csv", "--model", tiny_start, "--device", "cpu")
    assert isinstance(done.exception, InputError)
    with pytest.raises(InputError, match=message):
        raise done.exception


def test_score_prints_a_json_line_per_text(tiny_start: Path) -> None:
    done = invoke("score", "profit rose", "shares fell", "--model", tiny_start, "--device", "cpu")
    rows = [json.loads(line) for line in done.output.splitlines()]
    assert [row["text"] for row in rows] == ["profit rose", "shares fell"]
    assert rows[0]["score"] == pytest.approx(rows[0]["positive"] - rows[0]["negative"], abs=2e-6)
