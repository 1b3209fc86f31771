"""The sentiment model on a GPU: one headline, bulk, FP16 beside FP32, and training with mixed precision.

    python benchmarks/gpu.py --data DIR [--out benchmarks/results/sentiment-gpu.json]
    python benchmarks/gpu.py --data DIR --device cpu --quick     # does it run at all: no figures

DIR is the folder of third-party data, which is not shipped: it must hold the Reuters headlines, the
PhraseBank and BERT's vocabulary. The student with CUDA graphs, without, in FP32, and BERT-base take turns in
one process. Every call ends with its answer on the host, so that the host's clock tells the time. Each part
is also shown on stderr as soon as it is measured. Without CUDA the script ends with code 2; the quick run on
a CPU shows that it works, and cannot write a results file.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import numpy as np
import torch
from gpu_training import time_training
from headlines import VOCABULARY, reuters
from results_file import parser, publish
from scipy.special import softmax
from tokenizers import Encoding, Tokenizer

from newsvol.engine.errors import InputError
from newsvol.engine.provenance import machine, versions
from newsvol.models.checkpoint import open_checkpoint
from newsvol.models.sentiment.metrics import agreement
from newsvol.models.serving.scorer import Scorer, load_scorer
from newsvol.models.serving.timing import PEER, bert_base
from newsvol.models.serving.torch_backend import ExecutionOptions, TorchBackend, default_options

RESULT = "sentiment-gpu.json"
GRAPH, HALF, FULL = "student-fp16-graph", "student-fp16-eager", "student-fp32-eager"
TOLERANCE = {"logit": 0.02, "polarity_flips": 0.0}
"""What FP16 may differ from FP32 by; the student's logits span about five units, no pole may be swapped."""

TURN = 20
"""Calls of a contender before the next has its turn."""

Call = Callable[[], object]
Device = Literal["cpu", "cuda"]


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes
    ----------
    alone : int
        Headlines that are timed one by one, `rounds` times each.
    bulk, peer_bulk : int
        Headlines that are scored in one call, by the student and by BERT-base.
    compared : int
        Headlines whose FP16 and FP32 logits are compared, one by one and in bulk.
    training : int
        Texts of the timed epochs.
    """

    alone: int = 200
    rounds: int = 10
    bulk: int = 200_000
    peer_bulk: int = 2_000
    compared: int = 10_000
    training: int = 4_000


QUICK = Size(alone=3, rounds=1, bulk=70, peer_bulk=2, compared=20, training=16)


@dataclass(frozen=True)
class Tokenised:
    """Stands in for a tokenizer that has done its work."""

    encodings: list[Encoding]

    def encode_batch_fast(self, _: list[str]) -> list[Encoding]:
        """Return the pieces."""
        return self.encodings


def contenders(device: Device) -> dict[str, TorchBackend]:
    """Return the shipped student, run in three ways; on a CPU, a graph is what it is made of, run again."""
    graph = (
        default_options("cuda")
        if device == "cuda"
        else ExecutionOptions("fp16", lambda step: step, 4096, 512)
    )
    ways = {
        GRAPH: graph,
        HALF: replace(graph, prepare=None),
        FULL: replace(graph, prepare=None, precision="fp32"),
    }
    checkpoint = open_checkpoint("student")
    return {name: TorchBackend(checkpoint, device, way) for name, way in ways.items()}


def time_alone(calls: Mapping[str, Sequence[Call]], rounds: int) -> dict[str, dict[str, float]]:
    """Return percentiles of the calls in milliseconds; contenders take turns of 20 calls."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for each in calls.values():
        for call in each[:TURN]:  # kernels are loaded and chosen here
            call()
    for _ in range(rounds):
        for start in range(0, max(map(len, calls.values())), TURN):
            for name, each in calls.items():
                taken[name] += [seconds(call) * 1e3 for call in each[start : start + TURN]]
    percents = (50, 95, 99)
    return {
        name: {f"p{percent}_ms": round(float(np.percentile(times, percent)), 4) for percent in percents}
        for name, times in taken.items()
    }


def one_headline(
    runs: Mapping[str, TorchBackend], texts: Sequence[str], rounds: int, peer: Callable[[list[str]], object]
) -> dict[str, Any]:
    """Return the time from string to probabilities, and from pieces to logits and for the pieces apart."""
    tokenizer = student_tokenizer()
    pieces = [np.array([encoding.ids], np.int64) for encoding in tokenizer.encode_batch_fast(list(texts))]
    classify = {name: scorer_of(run).probabilities for name, run in runs.items()} | {PEER: peer}
    whole = {name: [partial(each, [text]) for text in texts] for name, each in classify.items()}
    apart = {name: [partial(run.logits, ids, None) for ids in pieces] for name, run in runs.items()}
    apart["tokenizer"] = [partial(tokenizer.encode_batch_fast, [text]) for text in texts]
    rows = time_alone(whole, rounds)
    for row in rows.values():
        row["p50_speedup"] = round(rows[PEER]["p50_ms"] / row["p50_ms"], 1)
    return {
        "headlines": len(texts),
        "rounds": rounds,
        "pieces_per_headline": round(float(np.mean([ids.shape[1] for ids in pieces])), 1),
        "string_to_label": rows,
        "tokenisation_apart": time_alone(apart, rounds),
    }


def in_bulk(run: TorchBackend, texts: list[str], rounds: int = 3) -> dict[str, float]:
    """Return headlines per second, the best of some rounds: in all, tokenised before, and tokenised only."""
    tokenizer, scorer = student_tokenizer(), scorer_of(run)
    ready = replace(scorer, _tokenizer=Tokenised(tokenizer.encode_batch_fast(texts)))
    scorer.probabilities(texts)  # memory is taken here
    steps: dict[str, Call] = {
        "headlines_per_second": partial(scorer.probabilities, texts),
        "tokenised_before_per_second": partial(ready.probabilities, texts),
        "tokenised_only_per_second": partial(tokenizer.encode_batch_fast, texts),
    }
    best = {name: min(seconds(step) for _ in range(rounds)) for name, step in steps.items()}
    return {name: round(len(texts) / taken) for name, taken in best.items()}


def half_against_full(runs: Mapping[str, TorchBackend], texts: list[str]) -> dict[str, Any]:
    """Return how far FP16 is from FP32, in bulk and by graphs one by one, and whether that is tolerable."""
    full = scorer_of(runs[FULL]).logits(texts)
    graphs = scorer_of(runs[GRAPH])
    said = {
        "bulk": graphs.logits(texts),
        "one_by_one": np.concatenate([graphs.logits([text]) for text in texts]),
    }
    rows: dict[str, Any] = {"headlines": len(texts), "tolerance": TOLERANCE}
    for name, half in said.items():
        gap = float(np.abs(half - full).max())
        row = {
            "largest_logit_difference": round(gap, 5),
            **agreement(softmax(half, axis=1), softmax(full, axis=1)),
        }
        tolerable = gap <= TOLERANCE["logit"] and row["polarity_flips"] <= TOLERANCE["polarity_flips"]
        rows[name] = {**row, "within_tolerance": tolerable}
    return rows


def scorer_of(run: TorchBackend) -> Scorer:
    """Return the student's scorer with its network run by `run`."""
    return replace(load_scorer("student", "cpu"), backend=run.name, device=run.device, _run=run)


def student_tokenizer() -> Tokenizer:
    """Return the student's tokenizer, which cuts and does not pad."""
    return Tokenizer.from_file(str(open_checkpoint("student").tokenizer_file))


def seconds(step: Call) -> float:
    """Return how long `step` takes."""
    begun = perf_counter()
    step()
    return perf_counter() - begun


def about(device: Device) -> dict[str, Any]:
    """Return device, driver, machine and versions."""
    libraries = ("torch", "transformers", "tokenizers", "accelerate", "numpy")
    found: dict[str, Any] = {"machine": machine(), "versions": versions(libraries)}
    if device == "cpu":
        return {"device": "cpu", "note": "a quick run on a CPU; these are no figures", **found}
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    driver = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split()[0]
    shape = torch.cuda.get_device_properties(0)
    return {
        "device": shape.name,
        "memory_gib": round(shape.total_memory / 2**30),
        "driver": driver,
        "cuda": torch.version.cuda,
        **found,
    }


def measure(device: Device, data: Path, size: Size, training: bool) -> dict[str, Any]:
    """Return everything that the results file holds."""
    headlines = reuters(data)
    drawn = np.random.default_rng(0).permutation(len(headlines))
    chosen = [headlines[row] for row in drawn]
    many = (headlines * (size.bulk // len(headlines) + 1))[: size.bulk]
    begun = perf_counter()
    runs = contenders(device)
    ready = round(perf_counter() - begun, 2)
    peer = bert_base(torch.get_num_threads(), data / VOCABULARY, device)

    def bulk() -> dict[str, Any]:
        rows: dict[str, Any] = {name: in_bulk(runs[name], many) for name in (GRAPH, FULL)}
        taken = seconds(partial(peer, chosen[: size.peer_bulk]))
        rows[PEER] = {"headlines_per_second": round(size.peer_bulk / taken, 1)}
        return {"headlines": len(many), "peer_headlines": size.peer_bulk, **rows}

    parts: dict[str, Callable[[], Any]] = {
        "one_headline": partial(one_headline, runs, chosen[: size.alone], size.rounds, peer),
        "bulk": bulk,
        "fp16_against_fp32": partial(half_against_full, runs, chosen[: size.compared]),
    }
    if training:
        parts["training"] = partial(time_training, device, data, size.training)
    result = {
        "command": f"python benchmarks/gpu.py --data DIR --out benchmarks/results/{RESULT}",
        "peer": PEER,
        "model_hash": open_checkpoint("student").model_hash,
        "three_back_ends_ready_s": ready,
        **about(device),
    }
    for name, part in parts.items():
        result[name] = part()
        # A machine that is lent for minutes may be gone before the last part: what is known is shown at once.
        sys.stderr.write(f"{name}: {json.dumps(result[name])}\n")
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write the results file, and return the exit code."""
    asked = parser(__doc__)
    asked.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    asked.add_argument("--quick", action="store_true", help="a few of everything, to see that it runs")
    asked.add_argument("--no-training", action="store_true", help="leave out the epochs of training")
    options = asked.parse_args(arguments)
    try:
        if options.device == "cuda" and not torch.cuda.is_available():
            raise InputError(
                "torch finds no CUDA device; to see that the script runs, use --device cpu --quick"
            )
        if options.device == "cpu" and not options.quick:
            raise InputError("on a CPU nothing here is worth timing; use --quick, or benchmarks/sentiment.py")
        if options.quick and options.out is not None:
            raise InputError("--quick gives no figures for a results file; leave --out or --quick out")
        if options.out is not None and not options.out.parent.is_dir():
            raise InputError(f"{options.out.parent} is not a folder; make it, or name another for --out")
        size = QUICK if options.quick else Size()
        result = measure(options.device, options.data, size, not options.no_training)
    except (InputError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    publish(result, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
