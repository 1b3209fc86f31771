"""What a run was made with: nothing is left out, and nothing is made up."""

import platform
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from newsvol import __version__
from newsvol.engine.machine import LIBRARIES, machine, versions


def test_versions_are_those_that_run() -> None:
    found = versions()
    assert list(found) == ["python", "newsvol", *LIBRARIES]
    assert found["python"] == platform.python_version()
    assert found["newsvol"] == __version__
    assert found["numpy"] == np.__version__


def test_a_library_that_is_not_there_is_an_error_not_a_blank() -> None:
    with pytest.raises(PackageNotFoundError):
        versions(["no-such-library"])


def test_the_machine_is_this_one() -> None:
    found = machine()
    assert list(found) == ["processor", "cores", "memory_gib", "system"]
    assert found["processor"]
    assert int(found["cores"]) >= 1
    assert str(found["system"]).endswith(platform.machine())
