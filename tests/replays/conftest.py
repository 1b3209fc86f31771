"""One replay and one evaluation that many tests read."""

from pathlib import Path

import pytest
from evaluations import request_of, schedule_of
from golden_replay import golden_replay

from newsvol.engine.arrays import FloatArray
from newsvol.replays.evaluation.volatility.evaluation import Evaluation, evaluate
from newsvol.replays.simulation.recipe import Recipe
from newsvol.replays.tapes.tape import Tape


@pytest.fixture(scope="session")
def golden_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the golden replay."""
    folder = tmp_path_factory.mktemp("golden") / "run"
    golden_replay(folder)
    return folder


@pytest.fixture(scope="session")
def found(planted: tuple[Tape, FloatArray], recipe: Recipe) -> Evaluation:
    """The evaluation of the planted market."""
    tape, probs = planted
    return evaluate(tape, recipe, probs, request_of(schedule=schedule_of(tape)))
