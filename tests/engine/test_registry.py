"""Names: the built-in ones, and those that other packages bring."""

import os
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from newsvol.engine.errors import InputError, UnknownNameError
from newsvol.engine.registry import Registry

GROUP = "newsvol.things"


def make_registry(*points: tuple[str, str]) -> Registry[object]:
    """A registry that knows ``counter`` and ``dict``, and finds the entry points (name, value)."""
    found = [EntryPoint(name, value, GROUP) for name, value in points]
    registry: Registry[object] = Registry(
        "thing", GROUP, lambda group: [p for p in found if p.group == group]
    )
    registry.add("list")(list)
    registry.add("dict")(dict)
    return registry


def test_a_name_gives_its_factory():
    assert make_registry().factory("dict") is dict


def test_registering_returns_the_factory_itself():
    @make_registry().add("mine")
    def mine() -> int:
        return 3

    assert mine() == 3


def test_names_are_sorted_and_include_installed_ones():
    assert make_registry(("aardvark", "json:loads"), ("list", "json:loads")).names() == [
        "aardvark",
        "dict",
        "list",
    ]


def test_an_installed_factory_is_found_by_name():
    import json

    registry = make_registry(("loads", "json:loads"))
    assert registry.factory("loads") is json.loads
    assert registry.factory("loads") is json.loads


def test_a_package_cannot_take_a_built_in_name():
    registry = make_registry(("dict", "json:loads"))
    with pytest.raises(InputError, match=r"thing 'dict' is built in, and json:loads is registered .*rename"):
        registry.factory("dict")
    assert registry.factory("list") is list


def test_an_unknown_name_offers_the_nearest_installed_ones_included():
    registry = make_registry(("parabola", "json:loads"))
    with pytest.raises(UnknownNameError, match="unknown thing 'dcit'; did you mean 'dict'"):
        registry.factory("dcit")
    with pytest.raises(UnknownNameError, match=r"did you mean 'parabola'.*known: dict, list, parabola"):
        registry.factory("parabolas")


def test_a_name_without_any_likeness_lists_what_is_known():
    with pytest.raises(UnknownNameError) as caught:
        make_registry().factory("zzz")
    assert str(caught.value) == "unknown thing 'zzz'; known: dict, list"


def test_a_built_in_name_is_taken_once():
    registry = make_registry()
    with pytest.raises(AssertionError, match="thing 'dict' registered twice"):
        registry.add("dict")(list)


def test_two_packages_with_one_name_are_refused_by_both_their_names():
    registry = make_registry(("same", "json:loads"), ("same", "json:dumps"))
    with pytest.raises(
        InputError, match="'same' is registered by json:dumps and by json:loads; uninstall all but"
    ):
        registry.factory("same")


def test_a_package_that_is_found_twice_is_one_package():
    import json

    assert make_registry(("same", "json:loads"), ("same", "json:loads")).factory("same") is json.loads


@pytest.mark.parametrize("value", ["no_such_module_anywhere:thing", "json:no_such_thing"])
def test_a_factory_that_cannot_be_imported_is_named(value):
    with pytest.raises(InputError, match=f"thing 'broken' cannot be loaded from {value}: "):
        make_registry(("broken", value)).factory("broken")


def test_other_packages_are_asked_when_a_name_is_used_and_once():
    asked = []

    def discover(group: str) -> list[EntryPoint]:
        asked.append(group)
        return []

    registry: Registry[object] = Registry("thing", GROUP, discover)
    registry.add("dict")(dict)
    assert asked == []
    registry.factory("dict")
    with pytest.raises(UnknownNameError):
        registry.factory("other")
    assert asked == [GROUP]


def test_an_installed_package_registers_through_its_metadata(tmp_path):
    (tmp_path / "guest.py").write_text("def build():\n    return 'from the guest'\n")
    info = tmp_path / "guest-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guest\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nguest = guest:build\n")
    program = (
        "from newsvol.engine.registry import Registry\n"
        f"registry = Registry('thing', {GROUP!r})\n"
        "print(registry.names(), registry.factory('guest')())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "['guest'] from the guest"
