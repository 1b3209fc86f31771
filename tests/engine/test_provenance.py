"""What a run was made with: what is installed, and nothing made up."""

import platform
from pathlib import Path

import numpy as np
import pytest

from newsvol import __version__
from newsvol.engine.provenance import LIBRARIES, machine, versions

MEMINFO = Path("/proc/meminfo")
"""Begins with the memory in KiB, on Linux."""


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


@pytest.mark.skipif(not MEMINFO.is_file(), reason="the system does not tell its memory there")
def test_memory_is_what_the_system_has_in_gib() -> None:
    total_kib = int(MEMINFO.read_text(encoding="ascii").split()[1])
    assert machine()["memory_gib"] == round(total_kib / 2**20)
