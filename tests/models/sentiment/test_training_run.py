import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from click.testing import CliRunner

from newsvol.cli.sentiment.commands import sentiment
from newsvol.engine.errors import InputError, ModelError, OutputError
from newsvol.models.checkpoint import open_checkpoint
from newsvol.models.networks.starts import weights_hash
from newsvol.models.serving.scorer import load_scorer


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
    from newsvol.models.sentiment.classifier import class_weights

    label = np.array([0, 1, 1, 1, 2, 2, -100])
    for rule in ("none", "sqrt_balanced", "balanced"):
        assert class_weights(label, rule)[label[label >= 0]].mean() == pytest.approx(1)
    assert class_weights(label, "none").tolist() == [1, 1, 1]
    assert class_weights(label, "balanced").tolist() == pytest.approx([2, 2 / 3, 1])


@pytest.fixture
def run_with(tiny_recipe: Path, made_up_data: Path, tmp_path: Path):
    """Return a function that trains the tiny recipe with changes to its student: results and folder."""

    def run(
        work: Path | None = None,
        say: Callable[[str], None] = lambda _: None,
        teacher: Mapping[str, object] | None = None,
        recipe: Mapping[str, object] | None = None,
        **changes: object,
    ) -> tuple[dict, Path]:
        from newsvol.models.sentiment.context import open_context
        from newsvol.models.sentiment.recipe import TrainingRecipe
        from newsvol.models.sentiment.training_run import train

        content = json.loads(tiny_recipe.read_text())
        content |= recipe or {}
        content["teacher"] |= {"epochs": 1, "seeds": [1], **(teacher or {})}
        content["student"] |= {"epochs": 1, **changes}
        changed = TrainingRecipe.model_validate(content)
        folder = Path(mkdtemp(dir=tmp_path))
        bench = open_context(changed, "cpu", False, say, progress=False, work=work)
        return train(changed, made_up_data, folder, bench), folder

    return run


def test_every_distillation_and_compression_goes_through_one_recipe(run_with, tiny_start: Path) -> None:
    inside = {"method": "hidden_attention", "layers": {0: 0, 1: 2}}
    for changes in (
        {"layers": [0, 2], "intermediate": inside},
        {"layers": [0, 2], "intermediate": inside | {"method": "relations", "relation_heads": 4}},
        {"origin": "scratch"},
        {"origin": "start", "lora": {"r": 2}},
        {"origin": str(tiny_start)},
    ):
        results, folder = run_with(**changes)
        assert results["model"]["num_hidden_layers"] == len(changes.get("layers", [0]))
        assert load_scorer(folder, "cpu").probabilities(["profit rose"]).shape == (1, 3)


def test_a_pruned_student_is_smaller_on_disk(run_with) -> None:
    (_, whole), (_, pruned) = run_with(), run_with(prune={"share": 0.5, "scored": 32})
    weights = [(folder / "model.safetensors").stat().st_size for folder in (whole, pruned)]
    assert weights[0] - weights[1] >= 2 * 4176 - 100  # 4,176 of the layer's 8,544 numbers; headers differ
    assert open_checkpoint(pruned).config["num_attention_heads"] == 2


def test_further_seeds_are_reported_with_an_interval(run_with) -> None:
    results, _ = run_with(repeats=[5, 6])
    spread = results["student_over_seeds"]
    assert spread["seeds"] == [1, 5, 6]
    low, high = spread["macro_f1"]["interval"]
    assert low <= spread["macro_f1"]["mean"] <= high
    assert len(spread["accuracy"]["each"]) == len(spread["ece"]["each"]) == 3


def test_a_run_goes_on_from_its_work_folder(run_with, tmp_path: Path) -> None:
    (_, first), (_, again) = (run_with(tmp_path / "work") for _ in range(2))
    assert open_checkpoint(first).model_hash == open_checkpoint(again).model_hash
    assert not [*(tmp_path / "work").rglob("*-checkpoints")]  # a teacher that has answered needs none


def test_recipes_with_the_same_teachers_share_them_and_nothing_else(run_with, tmp_path: Path) -> None:
    work, lines = tmp_path / "work", []
    run_with(work)
    (teachers,) = work.glob("teacher-*")
    before = (teachers / "1.npz").stat().st_mtime_ns
    results, _ = run_with(work, say=lines.append, epochs=2)
    assert "teacher with seed 1: done before" in lines
    assert (teachers / "1.npz").stat().st_mtime_ns == before
    assert len([*work.glob("student-*")]) == 2
    run_with(work, teacher={"seeds": [1, 2]})  # one more joins those that are done
    assert {file.name for file in teachers.glob("*.npz")} == {"1.npz", "2.npz"}
    run_with(work, teacher={"learning_rate": 1e-3})
    assert len([*work.glob("teacher-*")]) == 2
    assert results["teacher_over_seeds"]["seeds"] == [1]


def test_teachers_may_have_a_start_of_another_kind(run_with, tiny_mpnet: Path, tmp_path: Path) -> None:
    changes = {"start": str(tiny_mpnet), "layers": None}
    results, folder = run_with(tmp_path / "work", teacher=changes, origin="start")
    assert results["starts"].keys() >= {str(tiny_mpnet)}
    assert len(set(results["starts"].values())) == 2
    assert "teacher" in results["test"]
    assert load_scorer(folder, "cpu").probabilities(["profit rose"]).shape == (1, 3)


def test_variations_are_labelled_by_the_teachers_and_counted(run_with) -> None:
    plain, varied = run_with()[0], run_with(recipe={"augmented": {"copies": 2}})[0]
    more = varied["texts"]["unlabelled"] - plain["texts"]["unlabelled"]
    assert 0 < more <= 2 * varied["texts"]["train"]


def test_a_start_without_safetensors_or_a_fast_tokenizer_is_refused(run_with, tiny: Path) -> None:
    (tiny / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"has no tokenizer\.json"):
        run_with(recipe={"start": str(tiny)})
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        weights_hash(tiny.parent)


def test_an_origin_with_another_vocabulary_is_refused(run_with, tiny: Path) -> None:
    tokenizer = json.loads((tiny / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["gold"] = vocabulary.pop("bank")
    (tiny / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(ModelError, match="has another vocabulary"):
        run_with(origin=str(tiny))


def test_the_interval_over_seeds_is_students() -> None:
    from newsvol.models.sentiment.results import mean_and_interval

    said = mean_and_interval([0.8, 0.81, 0.82])
    assert said["mean"] == 0.81
    assert said["interval"] == pytest.approx(
        [0.81 - 4.303 * 0.01 / 3**0.5, 0.81 + 4.303 * 0.01 / 3**0.5], abs=1e-4
    )
    assert mean_and_interval([0.8])["interval"] is None


@pytest.mark.parametrize("layers", [[0, 1, 7]])
def test_a_layer_that_does_not_exist_is_refused(tiny_start: Path, layers: list[int]) -> None:
    from newsvol.models.networks.bert import cut, load_start

    with pytest.raises(ModelError, match="layer 7 does not exist: there are 3"):
        cut(load_start(tiny_start, 0), layers)


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
