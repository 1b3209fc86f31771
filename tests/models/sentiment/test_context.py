"""What the stages of a run share, and whose checkpoints are whose."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsvol.engine.errors import ModelError, OutputError
from newsvol.models.sentiment.context import TrainingContext, open_context
from newsvol.models.sentiment.recipe import TrainingRecipe

Open = Callable[..., TrainingContext]


@pytest.fixture
def opened(tiny_recipe: Path, tmp_path: Path) -> Open:
    """Return a function that opens the tiny recipe with changes to itself and to its student."""

    def open_with(
        work: Path | None = tmp_path / "work", student: Any = (), **changes: Any
    ) -> TrainingContext:
        content = json.loads(tiny_recipe.read_text()) | changes
        content["student"] |= dict(student)
        recipe = TrainingRecipe.model_validate(content)
        return open_context(recipe, "cpu", False, lambda _: None, progress=False, work=work)

    return open_with


def test_recipes_that_differ_in_name_or_repeats_share_a_students_checkpoints(opened: Open) -> None:
    plain = opened().student_setting(1, "fit")
    assert opened(name="other").student_setting(1, "fit") == plain
    assert opened(student={"repeats": [5, 6]}).student_setting(1, "fit") == plain


def test_what_comes_after_a_fit_does_not_change_whose_it_is(opened: Open) -> None:
    pruned = opened(student={"prune": {"share": 0.5}})
    plain = opened()
    assert pruned.student_setting(1, "fit") == plain.student_setting(1, "fit")
    assert pruned.student_setting(1, "recovery") != plain.student_setting(1, "recovery")


def test_seeds_and_anything_that_is_learned_have_checkpoints_of_their_own(opened: Open) -> None:
    settings = [
        opened().student_setting(1, "fit"),
        opened().student_setting(2, "fit"),
        opened(student={"epochs": 5}).student_setting(1, "fit"),
        opened(max_length=12).student_setting(1, "fit"),
    ]
    assert len({setting.checkpoints for setting in settings}) == 4


def test_without_a_work_folder_nothing_is_kept(opened: Open) -> None:
    assert opened(work=None).student_setting(1, "fit").checkpoints is None


def test_teachers_have_the_start_of_the_recipe_or_their_own(opened: Open, tiny_recipe: Path) -> None:
    context = opened()
    assert context.teacher_folder == context.folder
    teacher = json.loads(tiny_recipe.read_text())["teacher"]
    cut = opened(teacher={**teacher, "layers": [2]})
    assert cut.teacher_network(1).config.num_hidden_layers == 1


def test_a_start_that_is_found_nowhere_is_refused(opened: Open) -> None:
    with pytest.raises(ModelError, match="'some-org/some-model' is not a folder"):
        opened(start="some-org/some-model")


def test_a_work_folder_that_cannot_be_made_is_refused_before_the_work(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"cannot write .*file/work: Not a directory; name another folder"):
        opened(work=tmp_path / "file" / "work")
