"""Fixtures that every part shares: the third-party data, and one planted market."""

import os
from pathlib import Path

import pytest

from newsvol.engine.arrays import FloatArray
from newsvol.replays.recipe import Recipe, load_recipe
from newsvol.replays.synth import Market, perfect_reading, synthesize
from newsvol.replays.tape import Tape


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of third-party data, which is not shipped."""
    folder = Path(os.environ.get("NEWSVOL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"third-party data not found at {folder}; set NEWSVOL_DATA")
    return folder


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    """The shipped recipe without latency."""
    return load_recipe(None).with_changes("zero")


@pytest.fixture(scope="session")
def planted() -> tuple[Tape, FloatArray]:
    """The embedded tape, and the probabilities of a model that reads its headlines right."""
    tape, truth = synthesize(Market())
    return tape, perfect_reading(truth)
