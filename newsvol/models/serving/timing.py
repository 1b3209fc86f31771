"""How fast models are, headline string to label, beside BERT-base FP32 in the same run.

Models take turns within one process that is pinned to its cores, so that whatever else the machine does hits
all of them: quote the ratios.
"""

import importlib.util
import multiprocessing
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns
from typing import Any, Final

import numpy as np

from newsvol.engine.errors import InputError
from newsvol.models.checkpoint import SHIPPED
from newsvol.models.serving.device import usable_cores
from newsvol.models.serving.scorer import load_scorer

PEER: Final = "bert-base-fp32-eager"
"""The Hugging Face text-classification pipeline on BERT-base of random weights, which are as fast as any."""

_BATCH: Final = 32
_TURN: Final = 20
"""Headlines that a model times before the next has its turn: enough to have its weights in the caches."""

_PEER_TURN: Final = 5
"""The peer is some 100 times slower, so it times fewer."""

Classify = Callable[[list[str]], object]


@dataclass(frozen=True)
class TimingRequest:
    """What is timed, and on what.

    Attributes
    ----------
    models : sequence of str
        Names or folders, as `load_scorer` takes them.
    texts : sequence of str
        Headlines.
    cores : int
        How many of the cores that this process may use; threads are as each model has them by default.
    rounds : int
        How often each model times every headline.
    peer : bool
        Whether BERT-base is timed too, and everything given as a ratio to it.
    vocabulary : Path, optional
        BERT's ``vocab.txt`` for the peer; the shipped student's pieces otherwise.
    """

    models: Sequence[str]
    texts: Sequence[str]
    cores: int = 1
    rounds: int = 3
    peer: bool = True
    vocabulary: Path | None = None


def time_models(request: TimingRequest) -> dict[str, dict[str, float]]:
    """Time every model in a process of its own.

    Returns
    -------
    dict
        By model (and `PEER`): ``p50_ms``, ``p95_ms``, ``p99_ms`` of one headline, ``headlines_per_second`` in
        batches of 32, and with a peer ``p50_speedup`` and ``throughput_speedup``: how many times its speed.

    Raises
    ------
    InputError
        There are no texts, or fewer cores than asked for.
    """
    if not request.texts:
        raise InputError("there are no headlines to time")
    if not 1 <= request.cores <= usable_cores():
        raise InputError(f"cannot use {request.cores} cores, this process has {usable_cores()}")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(_time_here, request).result()
        except BrokenProcessPool as error:
            raise InputError("the process that was timed died; is there memory for BERT-base?") from error


def _time_here(request: TimingRequest) -> dict[str, dict[str, float]]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: request.cores])
    classifiers: dict[str, Classify] = {
        model: load_scorer(model, "cpu").probabilities for model in request.models
    }
    if request.peer:
        classifiers[PEER] = bert_base(request.cores, request.vocabulary)
    alone: Mapping[str, list[float]] = {name: [] for name in classifiers}
    batched: Mapping[str, list[float]] = {name: [] for name in classifiers}
    texts = list(request.texts)
    for classify in classifiers.values():
        classify(texts[:3])
    for _ in range(request.rounds):
        for start in range(0, len(texts), _TURN):
            for name, classify in classifiers.items():
                for text in texts[start : start + (_PEER_TURN if name == PEER else _TURN)]:
                    alone[name].append(_milliseconds(classify, [text]))
        batch = (texts * (_BATCH // len(texts) + 1))[:_BATCH]
        for name, classify in classifiers.items():
            batched[name].append(_BATCH * 1e3 / _milliseconds(classify, batch))
    rows = {name: _summary(alone[name], batched[name]) for name in classifiers}
    for row in rows.values() if request.peer else ():
        row["p50_speedup"] = round(rows[PEER]["p50_ms"] / row["p50_ms"], 1)
        row["throughput_speedup"] = round(row["headlines_per_second"] / rows[PEER]["headlines_per_second"], 1)
    return rows


def bert_base(threads: int, vocabulary: Path | None = None, device: str = "cpu") -> Classify:
    """Return the Hugging Face pipeline on BERT-base (12 layers of 768): FP32, eager, random weights."""
    # only the peer needs them, and the lean install has neither
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    from newsvol.models.networks.transformers_logging import hushed  # noqa: PLC0415

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    with hushed():
        library: Any = transformers
        config = library.BertConfig(num_labels=3, attn_implementation="eager")
        network = library.BertForSequenceClassification(config).eval()
        if vocabulary is None:
            tokenizer = library.PreTrainedTokenizerFast.from_pretrained(SHIPPED["student"])
        else:
            pieces = {piece: number for number, piece in enumerate(_lines(vocabulary))}
            tokenizer = library.BertTokenizerFast(vocab=pieces, model_max_length=512)
        run = library.pipeline("text-classification", model=network, tokenizer=tokenizer, device=device)
    return lambda texts: run(texts, batch_size=_BATCH, truncation=True)


def require_peer() -> None:
    """Raise `InputError` if transformers, which runs the peer, is not installed."""
    if importlib.util.find_spec("transformers") is None:
        raise InputError("BERT-base needs transformers; install it, or leave the peer out with --no-peer")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not a readable vocab.txt: {error}") from error


def _milliseconds(classify: Classify, texts: list[str]) -> float:
    begun = perf_counter_ns()
    classify(texts)
    return (perf_counter_ns() - begun) / 1e6


def _summary(alone: Sequence[float], batched: Sequence[float]) -> dict[str, float]:
    p50, p95, p99 = np.percentile(alone, [50, 95, 99]).tolist()
    return {
        "p50_ms": round(p50, 4),
        "p95_ms": round(p95, 4),
        "p99_ms": round(p99, 4),
        "headlines_per_second": round(statistics.median(batched), 1),
    }
