"""What `--latency` may say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.errors import RecipeError
from newsvol.engine.latency import Latency, parse_latency


@pytest.mark.parametrize(
    ("text", "latency"),
    [
        ("zero", Latency("zero")),
        ("measured", Latency("measured")),
        ("constant:25", Latency("constant", service_ns=25_000_000)),
        ("constant:0", Latency("constant", service_ns=0)),
        ("constant:0.25", Latency("constant", service_ns=250_000)),
        ("recorded:runs/spy", Latency("recorded", recording=Path("runs/spy"))),
        ("recorded:C:/runs/spy", Latency("recorded", recording=Path("C:/runs/spy"))),
    ],
)
def test_each_form_is_read(text, latency):
    assert parse_latency(text) == latency
    assert str(latency) == text


@given(st.integers(0, 86_400_000_000_000 - 1))
def test_a_constant_survives_being_written_and_read(service_ns):
    latency = Latency("constant", service_ns=service_ns)
    assert parse_latency(str(latency)) == latency


@pytest.mark.parametrize(
    ("text", "meant"), [("mesured", "measured"), ("zeros", "zero"), ("Constant", "constant")]
)
def test_a_typo_names_the_nearest_form(text, meant):
    with pytest.raises(RecipeError, match=f"latency '{text}' is none of: .*did you mean '{meant}'"):
        parse_latency(text)


@pytest.mark.parametrize("text", ["", "zero:5", "measured:now", "recorded", "recorded:", "42"])
def test_anything_else_lists_the_forms(text):
    with pytest.raises(RecipeError, match="is none of: zero, constant:MS, measured, recorded:RUN"):
        parse_latency(text)


@pytest.mark.parametrize("text", ["constant", "constant:", "constant:fast", "constant:25ms"])
def test_constant_without_a_number_says_what_it_needs(text):
    with pytest.raises(RecipeError, match="constant needs milliseconds, as in constant:25"):
        parse_latency(text)


@pytest.mark.parametrize("text", ["constant:-1", "constant:nan", "constant:inf", "constant:86400000"])
def test_constant_outside_a_day_is_refused(text):
    with pytest.raises(RecipeError, match="milliseconds must be from 0 to one day"):
        parse_latency(text)
