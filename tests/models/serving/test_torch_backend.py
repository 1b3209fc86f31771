"""The torch back end: fixed shapes, and what a capture may not do."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from newsvol.engine.errors import InputError
from newsvol.models.checkpoint import open_checkpoint
from newsvol.models.serving.length_buckets import (
    ROWS,
    Step,
    length_buckets,
)
from newsvol.models.serving.scorer import Scorer, load_scorer
from newsvol.models.serving.torch_backend import ExecutionOptions, TorchBackend

LONGEST = 64
"""What the tiny model can read."""

WORDS = ("profit", "rose", "of", "the", "bank")
TEXTS = [" ".join(WORDS[n % 5] for n in range(words)) for words in range(70)]


def eager(step: Step) -> Step:
    """Make a step ready by doing nothing: it is run again every time."""
    return step


class Recording:
    """Stands in for a graph capture: what the step did once is recorded, and that alone is done again.

    As in a CUDA graph, the operations, the shapes and the tensors are those of the capture, and nothing of
    the Python code is run again. A step that looks at a value on the host is refused while it is recorded.
    """

    def __init__(self) -> None:
        self.captured = 0
        self.nodes: list[Any] = []

    def __call__(self, step: Step) -> Step:
        self.captured += 1
        graph: Any = make_fx(step, tracing_mode="real")()
        self.nodes.extend(graph.graph.nodes)
        said = graph().clone()

        def replay() -> torch.Tensor:
            return said.copy_(graph())

        return replay


def backend(model: Path, prepare: Callable[[Step], Step] | None, step: int = 512) -> TorchBackend:
    return TorchBackend(open_checkpoint(model), "cpu", ExecutionOptions("fp32", prepare, 4096, step))


def scorer(model: Path, run: TorchBackend) -> Scorer:
    return replace(load_scorer(model, "cpu", "torch"), _run=run)


def some_ids(rows: int, length: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.random.default_rng(seed).integers(5, 60, (rows, length))


@pytest.mark.parametrize("prepare", [eager, Recording()], ids=["eager", "recorded"])
def test_a_padded_text_of_any_length_gets_what_it_gets_unpadded(tiny_start: Path, prepare: Any) -> None:
    plain, bucketed = backend(tiny_start, None), backend(tiny_start, prepare)
    for length in range(1, LONGEST + 1):
        ids = some_ids(1, length, seed=length)
        np.testing.assert_allclose(bucketed.logits(ids, None), plain.logits(ids, None), atol=2e-6)


def test_texts_longer_than_the_model_reads_are_cut_not_refused(tiny_start: Path) -> None:
    plain, bucketed = (
        scorer(tiny_start, backend(tiny_start, prepare)).logits for prepare in (None, Recording())
    )
    for text in (*TEXTS, "loss " * 500, ""):
        np.testing.assert_allclose(bucketed([text]), plain([text]), atol=2e-6)
    np.testing.assert_array_equal(bucketed(["loss " * 500]), bucketed(["loss " * 100]))


def test_more_pieces_than_the_model_reads_are_an_error_of_the_back_end(tiny_start: Path) -> None:
    with pytest.raises(InputError, match="65 pieces; this model reads 64"):
        backend(tiny_start, eager).logits(some_ids(1, LONGEST + 1), None)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 16, 17, 64, 65, 70])
def test_a_batch_gets_what_its_texts_get_alone(tiny_start: Path, count: int) -> None:
    scores = scorer(tiny_start, backend(tiny_start, Recording(), step=20)).logits
    texts = TEXTS[:count]
    alone = np.concatenate([scores([text]) for text in texts])
    np.testing.assert_allclose(scores(texts), alone, atol=2e-6)


def test_nothing_of_the_call_before_shows_in_the_next(tiny_start: Path) -> None:
    run = backend(tiny_start, Recording())
    first, other = some_ids(3, 9, seed=1), some_ids(4, 14, seed=2)
    mask = (np.arange(9) < np.array([[2], [9], [5]])).astype(np.int64)
    wanted = run.logits(first, mask)
    kept = wanted.copy()
    run.logits(other, None)
    np.testing.assert_array_equal(wanted, kept)  # what was returned is not a view of the buffer
    np.testing.assert_array_equal(run.logits(first, mask), wanted)


def test_each_shape_is_captured_once(tiny_start: Path) -> None:
    capture = Recording()
    run = backend(tiny_start, capture)
    assert capture.captured == len(length_buckets(LONGEST)) == 4  # one row each, before the first text
    for _ in range(2):
        for length in range(1, LONGEST + 1):
            run.logits(some_ids(1, length), None)
    assert capture.captured == 4
    for _ in range(2):
        for rows in (2, 3, 4, 5, 16):
            run.logits(some_ids(rows, 10), None)
    assert capture.captured == 4 + 2  # 4 and 16 rows of 16 pieces
    run.logits(some_ids(ROWS[-1] + 1, 10), None)
    assert capture.captured == 4 + 2  # too many for a graph


def test_a_recording_refuses_a_step_that_looks_at_a_value() -> None:
    mask = torch.ones(4)
    with pytest.raises(RuntimeError, match="trying to get value out of a tracing tensor"):
        Recording()(lambda: mask * 2 if mask.all() else mask)


def test_what_is_captured_neither_waits_nor_copies_between_host_and_device(tiny_start: Path) -> None:
    capture = Recording()
    backend(tiny_start, capture).logits(some_ids(4, 20), None)
    calls = [node for node in capture.nodes if node.op == "call_function"]
    names = {str(node.target) for node in calls}
    assert "aten.embedding.default" in names
    for forbidden in ("_local_scalar_dense", "nonzero", "masked_select", "lift_fresh", "pin_memory"):
        assert not [name for name in names if forbidden in name]
    assert all(node.kwargs.keys() <= {"dtype"} for node in calls if "_to_copy" in str(node.target))


def test_no_padding_reaches_a_text(tiny_start: Path) -> None:
    run = backend(tiny_start, eager)
    ids = some_ids(2, 12)
    mask = (np.arange(12) < np.array([[7], [12]])).astype(np.int64)
    other = ids.copy()
    other[0, 7:] = some_ids(1, 5, seed=9)
    np.testing.assert_array_equal(run.logits(ids, mask), run.logits(other, mask))


def test_calls_from_two_threads_do_not_mix(tiny_start: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    run = backend(tiny_start, eager)
    inputs = [some_ids(1, 3 + n % 12, seed=n) for n in range(60)]
    wanted = [run.logits(ids, None) for ids in inputs]
    with ThreadPoolExecutor(2) as pool:
        for got, expected in zip(pool.map(lambda ids: run.logits(ids, None), inputs), wanted, strict=True):
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("step", [1, 3, 7, 64])
def test_a_call_is_queued_in_steps_whatever_their_size(tiny_start: Path, step: int) -> None:
    lengths = np.sort(np.random.default_rng(0).integers(1, 40, 20))
    ids = some_ids(20, 40)
    mask = (np.arange(40) < lengths[:, None]).astype(np.int64)
    whole = backend(tiny_start, None).logits(ids, mask)
    np.testing.assert_allclose(backend(tiny_start, None, step).logits(ids, mask), whole, atol=2e-6)


def test_a_network_that_is_no_plain_bert_is_run_without_graphs(tiny: Path) -> None:
    config = json.loads((tiny / "config.json").read_text())
    (tiny / "config.json").write_text(json.dumps({**config, "hidden_act": "relu"}))
    capture = Recording()
    scores = scorer(tiny, backend(tiny, capture, step=3)).logits
    alone = np.concatenate([scores([text]) for text in TEXTS[:8]])
    np.testing.assert_allclose(scores(TEXTS[:8]), alone, atol=2e-6)
    assert capture.captured == 0


def test_half_precision_stays_near_full_precision(tiny_start: Path) -> None:
    half = TorchBackend(open_checkpoint(tiny_start), "cpu", ExecutionOptions("fp16", eager, 4096, 512))
    plain = backend(tiny_start, None)
    for length in (1, 15, 16, 17, 40, LONGEST):
        ids = some_ids(1, length)
        np.testing.assert_allclose(half.logits(ids, None), plain.logits(ids, None), atol=0.05)
