"""The tiny recipe, run with changes."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import mkdtemp

import pytest


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
        if content["teacher"] is not None:
            content["teacher"] |= {"epochs": 1, "seeds": [1], **(teacher or {})}
        content["student"] |= {"epochs": 1, **changes}
        changed = TrainingRecipe.model_validate(content)
        folder = Path(mkdtemp(dir=tmp_path))
        bench = open_context(changed, "cpu", False, say, progress=False, work=work)
        return train(changed, made_up_data, folder, bench), folder

    return run
