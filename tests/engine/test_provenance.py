"""What a run was made with: what is installed, and nothing made up."""

import platform

import numpy as np

from newsvol import __version__
from newsvol.engine.provenance import LIBRARIES, machine, versions


def test_versions_are_those_that_run() -> None:
    found = versions()
    assert list(found) == ["python", "newsvol", *LIBRARIES]
    assert found["python"] == platform.python_version()
    assert found["newsvol"] == __version__
    assert found["numpy"] == np.__version__


def test_a_library_that_is_not_installed_is_left_out() -> None:
    assert list(versions(["no-such-library", "numpy"])) == ["python", "newsvol", "numpy"]


def test_the_machine_is_this_one() -> None:
    found = machine()
    assert list(found) == ["processor", "cores", "memory_gib", "system"]
    assert found["processor"]
    assert int(found["cores"]) >= 1
    assert str(found["system"]).endswith(platform.machine())
