"""``import newsvol``: a few names, imported when they are used."""

import subprocess
import sys

import pytest

import newsvol


@pytest.mark.parametrize("name", newsvol.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(newsvol, name).__name__ == name
    assert name in dir(newsvol)


def test_the_names_with_a_home_are_the_public_ones() -> None:
    assert sorted(newsvol._HOMES) == sorted(newsvol.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'newsvol' has no attribute 'replai'"):
        newsvol.replai  # noqa: B018


def test_importing_newsvol_imports_nothing_heavy() -> None:
    code = (
        "import sys, newsvol; print([m for m in ('numpy', 'pandas', 'numba', 'torch') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
