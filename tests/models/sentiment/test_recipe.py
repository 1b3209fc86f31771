from pathlib import Path

import pytest
import yaml

from newsvol.engine.errors import RecipeError, UnknownNameError
from newsvol.models.sentiment.recipe import SHIPPED, load_training_recipe

MINIMAL = {
    "name": "minimal",
    "seed": 1,
    "start": "somewhere",
    "evaluated": {"file": "texts.csv", "label": "label"},
    "student": {"layers": [0], "hard_weight": 1},
}

INSIDE = {"method": "relations", "layers": {0: 3}}


@pytest.fixture
def written(tmp_path: Path):
    def write(**changes: object) -> Path:
        file = tmp_path / "recipe.yaml"
        file.write_text(yaml.safe_dump({**MINIMAL, **changes}))
        return file

    return write


def test_a_minimal_recipe_loads_with_its_defaults(written) -> None:
    recipe = load_training_recipe(written())
    assert recipe.vocabulary is None
    assert recipe.split.train == 0.7


@pytest.mark.parametrize("name", [file.stem for file in SHIPPED.glob("*.yaml")])
def test_shipped_recipes_load_by_name(name: str) -> None:
    assert load_training_recipe(name).name == name


def test_a_recipe_is_its_base_with_changes(written) -> None:
    base = written()
    changed = base.with_name("changed.yaml")
    changed.write_text("{base: recipe.yaml, name: changed, student: {epochs: 7}, labelled: [{file: a.csv}]}")
    recipe, under = load_training_recipe(changed), load_training_recipe(base)
    assert recipe.name == "changed"
    assert recipe.student == under.student.model_copy(update={"epochs": 7})
    assert [source.file for source in recipe.labelled] == ["a.csv"]
    assert recipe.evaluated == under.evaluated


def test_a_map_of_layers_replaces_that_of_the_base(tmp_path: Path) -> None:
    student = {"layers": [0, 5], "intermediate": {"layers": {0: 2, 1: 5}}}
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump({"base": "student-relations", "name": "mine", "student": student}))
    inner = load_training_recipe(file).student.intermediate
    assert inner is not None
    assert (inner.method, inner.layers) == ("relations", {0: 2, 1: 5})


def test_a_base_that_leads_back_is_refused(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"base: {base}.yaml")
    with pytest.raises(RecipeError, match="a recipe cannot be its own base"):
        load_training_recipe(tmp_path / "a.yaml")


def test_an_unknown_base_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("base: studemt")
    with pytest.raises(UnknownNameError, match="did you mean 'student'"):
        load_training_recipe(tmp_path / "a.yaml")


def test_an_unknown_shipped_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'student'"):
        load_training_recipe("studemt")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocabularly": 900}, "unknown key 'vocabularly'; did you mean 'vocabulary'"),
        ({"student": {"layers": [0], "epoch": 2}}, r"unknown key 'student\.epoch'; did you mean 'epochs'"),
        (
            {"labelled": [{"fil": "a.csv", "file": "b"}]},
            r"unknown key 'labelled\.0\.fil'; did you mean",
        ),
        ({"teacher": {"layers": [0], "seeds": [1], "lr": 1}}, r"unknown key 'teacher\.lr'"),
        ({"seed": "x"}, "key 'seed': .*got 'x'"),
        ({"split": {"train": 0.8, "validation": 0.2}}, "must leave at least 0.01 for the test split"),
        ({"student": {"layers": []}}, r"student\.layers"),
        ({"student": {"layers": [0]}}, "without a teacher"),
        ({"evaluated": {"label": "label"}}, r"key 'evaluated\.file' is missing"),
        (
            {"student": {"layers": [0], "hard_weight": 1, "lora": {"rank": 4}}},
            r"unknown key 'student\.lora\.rank'",
        ),
        ({"student": {"layers": [0], "hard_weight": 1, "prune": {"share": 1.0}}}, r"student\.prune\.share"),
        (
            {"student": {"layers": [0], "hard_weight": 1, "intermediate": INSIDE}},
            r"student\.intermediate needs a teacher",
        ),
        (
            {
                "teacher": {"layers": [0, 1, 2], "seeds": [1]},
                "student": {"layers": [0], "intermediate": INSIDE},
            },
            "names teacher layer 3; there are 3, from 0",
        ),
        (
            {"student": {"layers": [0], "hard_weight": 1, "lora": {}, "quantization_aware": True}},
            "key 'student': .* leave lora out",
        ),
        ({"track": "mlflow"}, "key 'track': "),
        (
            {"teacher": {"start": "other", "seeds": [1]}, "student": {"layers": [0]}},
            "cannot take layers from teachers with a start of their own",
        ),
        ({"augmented": {"copies": 1}}, "without a teacher"),
        ({"augmented": {"copies": 0}}, r"augmented\.copies"),
        (
            {"labelled": [{"file": "a.parquet", "format": "parquet", "text": 1}]},
            "must be one, not a position",
        ),
    ],
)
def test_a_wrong_key_or_value_is_named(written, changes: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message) as caught:
        load_training_recipe(written(**changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("content", "message"), [("a: [", "is not YAML"), ("", "holds no keys")])
def test_a_file_that_is_not_a_recipe_is_refused(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(content)
    with pytest.raises(RecipeError, match=message):
        load_training_recipe(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"cannot read recipe .*gone\.yaml"):
        load_training_recipe(tmp_path / "gone.yaml")


def test_the_hash_covers_every_value(written) -> None:
    first = load_training_recipe(written()).content_hash()
    assert load_training_recipe(written(max_length=65)).content_hash() != first
    assert load_training_recipe(written(max_length=64)).content_hash() == first  # the default, written out
    assert (
        load_training_recipe(written(track="wandb")).content_hash() == first
    )  # makes no difference to what is made
