"""Texts in a few fixed shapes, as a CUDA graph needs them; nothing in here needs CUDA.

A captured graph runs the same kernels on the same addresses every time, so a text is padded to the next
bucket and copied to where the graph reads. What makes one shape ready (`Prepare`) is given: a capture on a
GPU, nothing on a CPU, where bucketing, masks, copies and slices are tested.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final, TypeAlias

import numpy as np
import torch

from newsvol.engine.arrays import FloatArray, IntArray
from newsvol.engine.errors import InputError
from newsvol.models.labels import LABELS

LENGTHS: Final = (16, 32, 48, 64, 96, 128, 192, 256, 384)
"""Pieces a text is padded to; by multiples of eight the rows of a mask stay aligned to 16 bytes in FP16."""

ROWS: Final = (1, 4, 16, 64)
"""Texts that are run together; beyond the last the GPU is busy enough without a graph."""

MOST_PIECES: Final = 8192
"""Rows times length of the largest shape: larger ones would hold much memory, and gain nothing."""

Step: TypeAlias = Callable[[], torch.Tensor]
Prepare: TypeAlias = Callable[[Step], Step]
"""Makes a step ready to be run many times; the result may be overwritten by the next run."""

Forward: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Logits (B, 3) in FP32 of ids (B, T) and lengths (B, 1), without looking at a value on the host."""


def length_buckets(longest: int) -> tuple[int, ...]:
    """Return the lengths that texts of up to `longest` pieces are padded to; the last is `longest`."""
    return (*(length for length in LENGTHS if length < longest), longest)


def additive_mask(lengths: torch.Tensor, length: int, dtype: torch.dtype) -> torch.Tensor:
    """Return what attention adds to its scores, shape (B, 1, T, T): 0 on a text, the least number behind it.

    Parameters
    ----------
    lengths : Tensor, shape (B, 1)
        At least 1 each, so that no row of the softmax is empty.
    """
    behind = torch.arange(length, device=lengths.device) >= lengths
    return (behind.to(dtype) * torch.finfo(dtype).min)[:, None, None, :].expand(-1, 1, length, -1)


class FixedShape:
    """One shape of input, through buffers that stay where they are.

    Ids and lengths share one buffer on either side, so that a call is one copy in, one run, one copy out.

    Parameters
    ----------
    rows, length : int
        B and T.
    prepare : Prepare
        Called once, here.
    """

    def __init__(
        self, forward: Forward, rows: int, length: int, device: torch.device, prepare: Prepare
    ) -> None:
        self.rows, self.length = rows, length
        # Copies from and to memory that is not pinned would wait for each other.
        pinned = device.type == "cuda"
        self._host = torch.zeros(rows * (length + 1), dtype=torch.int64, pin_memory=pinned)
        self._host[rows * length :] = 1  # lengths: a row of no text is one piece long
        self._said = torch.empty((rows, len(LABELS)), dtype=torch.float32, pin_memory=pinned)
        self._device = device
        numbers = self._host.numpy()
        self._ids, self._lengths = numbers[: rows * length].reshape(rows, length), numbers[rows * length :]
        fed = self._host.to(device, copy=True)
        ids, lengths = fed[: rows * length].view(rows, length), fed[rows * length :].view(rows, 1)
        self._fed = fed
        self._run = prepare(lambda: forward(ids, lengths))

    def logits(self, ids: IntArray, lengths: IntArray, pad: int) -> FloatArray:
        """Return logits, shape (N, 3), of N <= `rows` texts of at most `length` pieces."""
        count, width = ids.shape
        self._ids[:count, :width] = ids
        self._ids[:count, width:] = pad
        # What stood in the rows behind is still there, is computed again, and is cut off below.
        self._lengths[:count] = lengths
        self._fed.copy_(self._host, non_blocking=True)
        self._said.copy_(self._run(), non_blocking=True)
        if self._device.type == "cuda":
            torch.cuda.current_stream(self._device).synchronize()
        return self._said[:count].numpy().astype(np.float64)


class LengthBuckets:
    """A network on every shape of ``ROWS`` x `length_buckets`, each prepared once.

    Those of one row are prepared here, so that no headline of a replay waits for it; the others when first
    met.

    Parameters
    ----------
    longest : int
        Pieces that the network can read.
    pad : int
        The piece that texts are padded with.
    """

    def __init__(
        self,
        forward: Forward,
        longest: int,
        pad: int,
        device: torch.device,
        prepare: Prepare,
        rows: Sequence[int] = ROWS,
    ) -> None:
        self._forward, self._pad, self._device, self._prepare = forward, pad, device, prepare
        self.lengths, self.rows = length_buckets(longest), tuple(rows)
        self._shapes: dict[tuple[int, int], FixedShape] = {}
        self._busy = Lock()  # the buffers hold one call at a time
        for length in self.lengths:
            self._shape(1, length)

    def fit(self, rows: int, length: int) -> tuple[int, int] | None:
        """Return the shape that `rows` texts of `length` pieces are padded to; None if they are too many.

        Raises
        ------
        InputError
            The network cannot read so many pieces.
        """
        if length > self.lengths[-1]:
            raise InputError(f"a text of {length} pieces; this model reads {self.lengths[-1]}, cut it there")
        if rows > self.rows[-1]:
            return None
        shape = (
            self.rows[bisect_left(self.rows, rows)],
            self.lengths[bisect_left(self.lengths, length)],
        )
        return shape if shape[0] * shape[1] <= MOST_PIECES or shape[0] == 1 else None

    @torch.inference_mode()
    def logits(self, ids: IntArray, lengths: IntArray, shape: tuple[int, int]) -> FloatArray:
        """Return logits, shape (N, 3), of ids (N, T) and lengths (N,), in the `shape` that they `fit`."""
        with self._busy:
            return self._shape(*shape).logits(ids, lengths, self._pad)

    @torch.inference_mode()
    def _shape(self, rows: int, length: int) -> FixedShape:
        shape = self._shapes.get((rows, length))
        if shape is None:
            shape = FixedShape(self._forward, rows, length, self._device, self._prepare)
            self._shapes[rows, length] = shape
        return shape
