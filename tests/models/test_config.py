"""Recipe files: a key stands once, a base lies underneath, and all faults are told at once."""

from pathlib import Path

import pytest
from pydantic import Field

from newsvol.engine.errors import RecipeError
from newsvol.models.config import (
    Config,
    Share,
    all_keys,
    checked,
    known_keys,
    merged,
    parse_yaml,
    read_yaml,
    require_keys,
)


class Oven(Config):
    """A block within a recipe."""

    degrees: int = Field(gt=0)
    shelves: tuple[int, ...] = ()


class Cake(Config):
    """A recipe of two blocks, one of which may be left out."""

    name: str
    oven: Oven
    second: Oven | None = None
    sugar: Share = 0.2


def test_a_key_that_stands_twice_is_refused_where_it_stands() -> None:
    with pytest.raises(RecipeError, match=r"cake\.yaml is not YAML: key 'name' stands twice.*line 3"):
        parse_yaml("name: one\nsugar: 0.1\nname: two\n", "cake.yaml")


def test_a_key_twice_within_a_block_is_refused_too() -> None:
    with pytest.raises(RecipeError, match="key 'degrees' stands twice"):
        parse_yaml("oven: {degrees: 180, degrees: 200}", "cake.yaml")


def test_the_same_key_in_two_blocks_is_no_repetition() -> None:
    said = parse_yaml("oven: {degrees: 180}\nsecond: {degrees: 200}\n", "cake.yaml")
    assert said == {"oven": {"degrees": 180}, "second": {"degrees": 200}}


def test_what_is_no_yaml_is_one_line() -> None:
    with pytest.raises(RecipeError, match=r"cake\.yaml is not YAML") as refusal:
        parse_yaml("name: [unclosed\n", "cake.yaml")
    assert "\n" not in str(refusal.value)


def test_lists_without_an_end_are_refused_not_a_crash() -> None:
    with pytest.raises(RecipeError, match="is not YAML"):
        parse_yaml("[" * 5000, "cake.yaml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot read recipe .*cake\.yaml: No such file"),
        (b"name: caf\xe9\n", r"cannot read recipe .*cake\.yaml: 'utf-8' codec"),
        (b"- a list\n", r"cake\.yaml holds no keys; write one"),
        (b"", r"cake\.yaml holds no keys; write one"),
    ],
)
def test_a_file_without_keys_is_named_with_what_to_do(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / "cake.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RecipeError, match=message):
        read_yaml(file, "write one")


def test_keys_are_what_a_mapping_has() -> None:
    assert require_keys({"name": "x"}, "here", "hint") == {"name": "x"}
    with pytest.raises(RecipeError, match="here holds no keys; hint"):
        require_keys("name", "here", "hint")


def test_a_change_reaches_into_a_block_and_leaves_its_neighbours() -> None:
    under = {"name": "x", "oven": {"degrees": 180, "shelves": [1, 2]}}
    assert merged(under, {"oven": {"degrees": 200}}) == {
        "name": "x",
        "oven": {"degrees": 200, "shelves": [1, 2]},
    }
    assert under["oven"] == {"degrees": 180, "shelves": [1, 2]}  # the base is as it was


def test_lists_and_maps_of_numbers_are_replaced_as_a_whole() -> None:
    under = {"shelves": [1, 2], "layers": {0: 0, 1: 4}}
    assert merged(under, {"shelves": [3], "layers": {0: 2}}) == {"shelves": [3], "layers": {0: 2}}


def test_a_block_may_take_the_place_of_nothing_and_nothing_that_of_a_block() -> None:
    assert merged({"second": None}, {"second": {"degrees": 1}}) == {"second": {"degrees": 1}}
    assert merged({"second": {"degrees": 1}}, {"second": None}) == {"second": None}


def test_all_faults_are_told_at_once_the_typos_first() -> None:
    with pytest.raises(RecipeError) as refusal:
        checked(Cake, {"oven": {"degres": 180}, "sugar": 2}, "cake.yaml")
    assert str(refusal.value) == (
        "cake.yaml: unknown key 'oven.degres'; did you mean 'degrees'?; known here: degrees, shelves; "
        "key 'name' is missing; key 'oven.degrees' is missing; "
        "key 'sugar': input should be less than 1, got 2"
    )


def test_a_long_value_is_cut_where_it_is_told() -> None:
    with pytest.raises(RecipeError) as refusal:
        checked(Cake, {"name": "x", "oven": "hot " * 500}, "cake.yaml")
    assert len(str(refusal.value)) < 200
    assert str(refusal.value).endswith("…")


def test_what_is_right_comes_back_and_cannot_be_changed() -> None:
    cake = checked(Cake, {"name": "x", "oven": {"degrees": 180}}, "cake.yaml")
    assert cake == Cake(name="x", oven=Oven(degrees=180))
    with pytest.raises(ValueError, match="frozen"):
        cake.name = "y"  # type: ignore[misc]


def test_keys_are_known_at_every_place_and_in_dotted_form() -> None:
    assert known_keys(Cake) == ["name", "oven", "second", "sugar"]
    assert known_keys(Cake, ("second",)) == ["degrees", "shelves"]
    assert known_keys(Cake, ("name", "more")) == []
    assert list(all_keys(Cake)) == [
        "name",
        "oven.degrees",
        "oven.shelves",
        "second.degrees",
        "second.shelves",
        "sugar",
    ]
