from pathlib import Path

import pytest

from newsvol.engine.errors import InputError
from newsvol.models.text.newswire import newswire_sentences
from newsvol.models.text.sources import Source, read_source
from newsvol.models.text.texts import UNLABELLED

STORY = """<REUTERS><TEXT><TITLE>ACME &lt;ACM> SETS PAYOUT</TITLE><BODY>Acme Corp &lt;ACM> said its profit
rose to 5.2 mln dlrs from 4.1 mln dlrs a year ago. It expects sales to fall by five pct in the next
quarter.
    Shr 32 cts vs 28 cts, 12,300,400 vs 11,200,300, 1.2 vs 1.3, 44 vs 55
    The company also said that it would close a plant in Ohio this year.
    The plant made parts for cars and it employed about 200 people there.
    This fifth sentence is background, and it stays where it was, unread.
 Reuter
&#3;</BODY></TEXT></REUTERS>
"""


@pytest.fixture
def wire(tmp_path: Path) -> Path:
    (tmp_path / "wire").mkdir()
    (tmp_path / "wire" / "reut2-000.sgm").write_text(STORY, encoding="latin-1")
    return tmp_path / "wire"


def test_a_story_gives_its_leading_sentences_spelled_out(wire: Path) -> None:
    assert [*newswire_sentences(wire)] == [
        "Acme Corp <ACM> said its profit rose to 5.2 million dollars from 4.1 million dollars a year ago.",
        "It expects sales to fall by five percent in the next quarter.",
        "The company also said that it would close a plant in Ohio this year.",
        "The plant made parts for cars and it employed about 200 people there.",
    ]


def test_it_is_a_source_without_labels(wire: Path) -> None:
    texts = read_source(Source(file="wire", format="newswire"), wire.parent, 1)
    assert texts.text[0].startswith("Acme Corp said its profit")
    assert set(texts.label) == {UNLABELLED}


def test_a_folder_without_stories_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no \.sgm files"):
        list(newswire_sentences(tmp_path))


@pytest.mark.real
def test_the_collection_gives_whole_sentences(data_dir: Path) -> None:
    sentences = [*newswire_sentences(data_dir / "corpora" / "reuters21578")]
    assert 50_000 < len(sentences) < 70_000
    assert not any("mln" in sentence.split() for sentence in sentences)
