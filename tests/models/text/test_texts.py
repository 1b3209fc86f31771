"""Texts: cleaned, compared, and freed of their duplicates."""

import numpy as np

from newsvol.models.text.texts import Texts, clean, key, without_duplicates


def test_links_tags_and_blanks_go() -> None:
    assert clean("Shares &amp; <b>bonds</b>  https://t.co/x1 fell\n") == "Shares & bonds fell"


def test_case_order_and_punctuation_do_not_make_a_text_new() -> None:
    assert key("Profit rose, sharply!") == key("sharply PROFIT rose https://t.co/1")


def test_the_first_of_equal_texts_is_kept_and_contradictions_go() -> None:
    sentences = np.array(["profit rose", "sales fell", "Rose profit!", "Sales fell."], dtype=object)
    kept = without_duplicates(Texts(sentences, np.array([2, 0, 2, 1])))
    assert kept.text.tolist() == ["profit rose"]
