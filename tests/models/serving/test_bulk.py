"""Many texts, scored by worker processes."""

from pathlib import Path

import numpy as np
from counted_chunks import CountedChunks

from newsvol.models.serving.bulk import score_chunks
from newsvol.models.serving.scorer import load_scorer


def test_workers_give_what_one_process_gives_in_order_and_read_no_further_than_needed(
    tiny_start: Path,
) -> None:
    texts = [f"profit {n} rose" for n in range(240)]
    chunks = CountedChunks(texts)
    model = f"{tiny_start}-int8"
    scored = score_chunks(chunks, model, workers=2)
    first = next(scored)
    assert chunks.taken < 10
    rest = list(scored)
    assert [text for chunk, _ in (first, *rest) for text in chunk] == texts
    probs = np.concatenate([rows for _, rows in (first, *rest)])
    np.testing.assert_array_equal(probs, load_scorer(model, "cpu").probabilities(texts))
