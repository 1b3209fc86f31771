"""Fixtures that every part shares: the third-party data, and one planted market."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from run_factory import RunPlan, write_run

from newsvol.engine.arrays import FloatArray
from newsvol.replays.simulation.recipe import Recipe, load_recipe
from newsvol.replays.tapes.synth import Market, perfect_reading, synthesize
from newsvol.replays.tapes.tape import Tape

# A kernel's first call compiles it or reads it from disk, which is no test's fault: no deadline. CI draws the
# same examples every time; whoever runs the tests by hand explores new ones.
settings.register_profile("newsvol", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("newsvol")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a GPU where there is none; torch is imported for those tests only."""
    if item.get_closest_marker("gpu") is not None:
        import torch

        if not torch.cuda.is_available():
            pytest.skip("there is no CUDA device here")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of third-party data, which is not shipped."""
    folder = Path(os.environ.get("NEWSVOL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"third-party data not found at {folder}; set NEWSVOL_DATA")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or leaves scores in the user's cache; processes that tests start inherit it."""
    os.environ["NEWSVOL_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    """The shipped recipe without latency."""
    return load_recipe(None).with_changes("zero")


@pytest.fixture(scope="session")
def planted() -> tuple[Tape, FloatArray]:
    """The embedded tape, and the probabilities of a model that reads its headlines right."""
    tape, truth = synthesize(Market())
    return tape, perfect_reading(truth)


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a made-up run folder under ``tmp_path/runs`` and returns it."""

    def make(folder: str = "spy-news", **plan: Any) -> Path:
        return write_run(tmp_path / "runs" / folder, RunPlan(**plan))

    return make
