"""Made-up headlines: each says what it was meant to say, in the shares that are promised."""

import re

import numpy as np

from newsvol.replays.tapes.headline_grammar import write_headlines


def test_shares_are_two_fifths_one_fifth_two_fifths() -> None:
    written = write_headlines(np.random.default_rng(0), 5000)
    shares = np.bincount(written.sentiment + 1) / 5000
    np.testing.assert_allclose(shares, [0.4, 0.2, 0.4], atol=0.03)


def test_no_place_in_a_sentence_is_left_open() -> None:
    text = write_headlines(np.random.default_rng(1), 2000).text.tolist()
    assert all(isinstance(line, str) and len(line.split()) > 3 for line in text)
    assert not [line for line in text if re.search(r"[{}]", line)]


def test_no_headline_is_written_with_two_meanings() -> None:
    written = write_headlines(np.random.default_rng(2), 20_000)
    meaning: dict[str, int] = {}
    for text, sentiment in zip(written.text.tolist(), written.sentiment.tolist(), strict=True):
        assert meaning.setdefault(text, sentiment) == sentiment, text


def test_the_same_seed_writes_the_same() -> None:
    first, again, other = (
        write_headlines(np.random.default_rng(seed), 30).text.tolist() for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other
    assert len(write_headlines(np.random.default_rng(0), 0).text) == 0
