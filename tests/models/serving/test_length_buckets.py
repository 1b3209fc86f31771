"""Shapes that a graph is captured for, and the mask that hides their padding."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from newsvol.engine.errors import InputError
from newsvol.models.serving.length_buckets import (
    MOST_PIECES,
    ROWS,
    LengthBuckets,
    additive_mask,
    length_buckets,
)


def nothing_said(ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    raise AssertionError("nothing is run to find a shape")


@given(longest=st.integers(1, 600), rows=st.integers(1, 100), data=st.data())
def test_the_shape_that_fits_is_the_smallest_that_does(longest: int, rows: int, data: st.DataObject) -> None:
    buckets = LengthBuckets(nothing_said, longest, 0, torch.device("cpu"), lambda step: step)
    assert buckets.lengths[-1] == longest
    length = data.draw(st.integers(1, longest))
    shape = buckets.fit(rows, length)
    if rows > ROWS[-1]:
        assert shape is None
        return
    smallest = (
        min(size for size in ROWS if size >= rows),
        min(size for size in length_buckets(longest) if size >= length),
    )
    too_large = smallest[0] > 1 and smallest[0] * smallest[1] > MOST_PIECES
    assert shape == (None if too_large else smallest)


def test_more_pieces_than_the_network_reads_are_refused() -> None:
    buckets = LengthBuckets(nothing_said, 40, 0, torch.device("cpu"), lambda step: step)
    with pytest.raises(InputError, match="a text of 41 pieces; this model reads 40, cut it there"):
        buckets.fit(1, 41)


def test_each_text_is_seen_with_its_own_length_and_padded_behind_it() -> None:
    """A forward that says what it was given: the sum of the pieces, the length, the last piece."""

    def tell(ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return torch.cat([ids.sum(dim=1, keepdim=True), lengths, ids[:, -1:]], dim=1).float()

    buckets = LengthBuckets(tell, 40, 7, torch.device("cpu"), lambda step: step)
    ids = np.array([[1, 2, 3], [4, 5, 0]])
    said = buckets.logits(ids, np.array([3, 2]), (4, 16))
    assert said.tolist() == [[6 + 13 * 7, 3, 7], [9 + 13 * 7, 2, 7]]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_the_mask_hides_what_is_behind_a_text_and_nothing_else(dtype: torch.dtype) -> None:
    mask = additive_mask(torch.tensor([[1], [3], [4]]), 4, dtype)
    assert mask.shape == (3, 1, 4, 4)
    hidden = mask[:, 0] < -60_000
    assert hidden.sum(dim=2).tolist() == [[3] * 4, [1] * 4, [0] * 4]
    assert mask[~hidden[:, None]].eq(0).all()
    weights = torch.softmax(mask.float() + 30.0, dim=-1)
    assert weights[:, 0][hidden].eq(0).all()
