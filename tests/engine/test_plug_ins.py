"""Whose a strategy or forecaster of another package is, and in which state."""

import importlib
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import Distribution, version
from pathlib import Path
from types import ModuleType

import pytest

from newsvol.engine.plug_ins import PlugIn, plug_in_of
from newsvol.engine.registry import Registry


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], type]:
    """Return a function that writes a module with one class, imports it, and returns the class."""

    def write(body: str) -> type:
        file = tmp_path / "third_party.py"
        file.write_text(body)
        module = ModuleType("third_party")
        module.__file__ = str(file)
        exec(compile(body, str(file), "exec"), module.__dict__)  # noqa: S102 - as an import does
        sys.modules["third_party"] = module
        found: type = module.Mine
        return found

    return write


def test_what_newsvol_brings_is_no_plug_in() -> None:
    assert plug_in_of(Registry) is None
    assert plug_in_of(partial(partial(Registry, "thing"), "group")) is None


def test_a_plug_in_that_is_edited_has_another_hash(written: Callable[[str], type]) -> None:
    first = plug_in_of(written("class Mine: pass\n"))
    assert first is not None
    assert first == PlugIn("third_party", first.module_hash, None, None)
    assert str(first).startswith("third_party of no installed package (")
    second = plug_in_of(partial(written("class Mine: edited = True\n")))
    assert second is not None
    assert second.module_hash not in (first.module_hash, None)


def test_an_installed_plug_in_names_its_package_and_version() -> None:
    found = Registry("thing", "console_scripts").plug_in("pytest")
    assert found is not None
    assert (found.package, found.version) == ("pytest", version("pytest"))
    assert found.module_hash is not None
    assert str(found).startswith(f"{found.module} of pytest {version('pytest')} (")


def test_a_class_of_a_notebook_has_no_file() -> None:
    mine = type("Mine", (), {"__module__": "no_such_module"})
    assert plug_in_of(mine) == PlugIn("no_such_module", None, None, None)


def test_a_module_that_a_plug_in_imports_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "with_core"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "core.py").write_text("LOOK = 0\n")
    (package / "strategy.py").write_text("from with_core import core\nclass Mine: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    mine = importlib.import_module("with_core.strategy").Mine
    first = plug_in_of(mine)
    (package / "core.py").write_text("LOOK = 1\n")
    second = plug_in_of(mine)
    assert first is not None
    assert second is not None
    assert first.module_hash != second.module_hash


def test_every_file_that_was_installed_with_a_plug_in_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "of_two_files.py").write_text("class Mine: pass\n")
    (tmp_path / "beside.py").write_text("LOOK = 0\n")
    (tmp_path / "data.txt").write_text("0\n")
    about = tmp_path / "of_two_files-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: of-two-files\nVersion: 1.0\n")
    (about / "RECORD").write_text("of_two_files.py,,\nbeside.py,,\ndata.txt,,\ngone.py,,\n")
    monkeypatch.syspath_prepend(tmp_path)
    mine = importlib.import_module("of_two_files").Mine

    def found() -> PlugIn:
        plug_in = plug_in_of(mine, Distribution.at(about))
        assert plug_in is not None
        return plug_in

    first = found()
    assert (first.package, first.version) == ("of-two-files", "1.0")
    (tmp_path / "data.txt").write_text("1\n")
    assert found() == first
    (tmp_path / "beside.py").write_text("LOOK = 1\n")
    assert found().module_hash not in (first.module_hash, None)
