"""Headlines are text, whatever page they were cut from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsvol.replays.tapes.importing.headlines import clean_headline


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Plain &amp; simple", "Plain & simple"),
        ("  two\n\n lines\t and a tab ", "two lines and a tab"),
        ("up</p><p>and down", "up and down"),
        ('a href="https://x.com/y" rel="nofollow"><span class="invisible">https://x.com</span>/y</a', ""),
        ('span class="quote-inline"><br/>RT: https://x.com/1</span>Happy Anniversary!', "Happy Anniversary!"),
        ('See <a href="https://x.com/@bob"><span>@bob</span></a>: “well done”', "See @bob : “well done”"),
        ("S&P 500 < 5,000 and > 4,900?", "S&P 500 < 5,000 and > 4,900?"),
        ("read https://example.com/story now", "read now"),
        ("a bull market", "a bull market"),
        ("<!-- ad --><b>Fed</b> holds", "Fed holds"),
        ("?!", ""),
        ("", ""),
    ],
)
def test_page_remnants_are_cleaned_to_text(raw, text):
    assert clean_headline(raw) == text


@given(st.text(max_size=300))
def test_cleaning_never_fails_and_leaves_no_odd_space(raw):
    text = clean_headline(raw)
    assert text == text.strip()
    assert not {"\n", "\t", "\x00", "\r"} & set(text)
