"""Chunks that know how many of them were taken."""

from collections.abc import Iterator, Sequence

from newsvol.models.text.files import chunked


class CountedChunks:
    """Texts in chunks of eight; `taken` counts those that a reader has asked for."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.taken = 0

    def __iter__(self) -> Iterator[list[str]]:
        for chunk in chunked(self.texts, 8):
            self.taken += 1
            yield chunk
