"""The error tree is the one that its module draws."""

import re

import pytest

from newsvol.engine import errors
from newsvol.engine.errors import InputError, LookAheadError, NewsvolError, UnknownNameError, nearest


def _children(parent: type[BaseException]) -> list[type[BaseException]]:
    return [cls for cls in vars(errors).values() if isinstance(cls, type) and cls.__bases__[0] is parent]


def _drawing(parent: type[BaseException], depth: int = 0) -> list[tuple[int, str]]:
    return [(depth, parent.__name__)] + [
        line for child in _children(parent) for line in _drawing(child, depth + 1)
    ]


def test_the_drawn_tree_is_the_real_one():
    drawn = [
        (len(match[1]) // 4, match[2])
        for match in re.finditer(r"^    ([|`\- ]*)(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    ]
    assert sorted(drawn) == sorted(_drawing(NewsvolError))


def test_whatever_the_user_gave_is_one_kind_of_error():
    inputs = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, InputError)]
    assert all(issubclass(cls, ValueError) for cls in inputs)
    assert not issubclass(LookAheadError, InputError)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("log_har", "; did you mean 'log-har'?"), ("zzz", ""), ("", ""), ("har", "; did you mean 'har'?")],
)
def test_the_nearest_name_is_offered_where_one_is_near(name, hint):
    assert nearest(name, ["har", "log-har", "diurnal"]) == hint


def test_an_unknown_name_lists_the_known_ones_in_order_on_one_line():
    message = str(UnknownNameError("strategy", "brekout", iter(["vol_target", "breakout"])))
    assert message == "unknown strategy 'brekout'; did you mean 'breakout'?; known: breakout, vol_target"
