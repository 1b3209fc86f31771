"""The sentiment model as it is served: speed beside BERT-base, INT8 beside FP32, cold start, bulk scoring.

    python benchmarks/sentiment.py --data DIR [--out FILE.json] [--rounds 5]

DIR is the folder of third-party data, which is not shipped: it must hold the Reuters headlines, BERT's
vocabulary and the PhraseBank. Models and BERT-base take turns in one pinned process, so that whatever else
the machine does hits all of them: the ratios are what to read. INT8 is compared with FP32 on every
PhraseBank sentence; quality on the held-out split of the shipped student's recipe.
"""

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from headlines import VOCABULARY, reuters
from results_file import parser, publish
from tokenizers import Tokenizer

from newsvol.engine.provenance import machine, versions
from newsvol.models.labels import LABELS
from newsvol.models.sentiment.comparison import ComparisonRequest, compare
from newsvol.models.sentiment.corpus import gather
from newsvol.models.sentiment.metrics import agreement
from newsvol.models.sentiment.recipe import load_training_recipe
from newsvol.models.serving.device import usable_cores
from newsvol.models.serving.int8 import int8_file
from newsvol.models.serving.scorer import load_scorer
from newsvol.models.serving.timing import PEER, TimingRequest, time_models
from newsvol.models.serving.variants import onnx_model, open_variant
from newsvol.models.text.sources import read_source

MODELS = ("student", "student-int8", "student-int8-static")
COLD_STARTS = 7
BULK = 200_000
RESULT = "sentiment-serving.json"

COLD = """
from newsvol.models.serving.scorer import load_scorer
load_scorer({model!r}, "cpu").probabilities(["Profit rises 12% on strong demand"])
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def cold_start(model: str) -> dict[str, float]:
    """Return wall and CPU seconds from process start to the first answer and out again, and peak memory."""
    walls, cpus, peaks = [], [], []
    for _ in range(COLD_STARTS):
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", COLD.format(model=model)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        peaks.append(int(process.stdout.read()))
        walls.append(time.perf_counter() - begun)
        _, _, usage = os.wait4(process.pid, 0)
        cpus.append(usage.ru_utime + usage.ru_stime)
    return {
        "wall_s": round(statistics.median(walls), 3),
        "least_wall_s": round(min(walls), 3),
        "cpu_s": round(statistics.median(cpus), 3),
        "peak_mib": round(max(peaks) / 1024),
    }


def first_use() -> dict[str, float]:
    """Return how long the INT8 model takes to make and to read back, and its size."""
    variant = open_variant("student-int8")
    with tempfile.TemporaryDirectory() as scratch:
        seconds = []
        for _ in range(2):
            begun = time.perf_counter()
            made = onnx_model(variant, Path(scratch))
            seconds.append(round(time.perf_counter() - begun, 3))
        assert int8_file(variant.model_hash, Path(scratch)).is_file()
    return {"made_s": seconds[0], "read_s": seconds[1], "bytes": len(made)}


def bulk(texts: list[str], model: str, workers: int) -> dict[str, Any]:
    """Return throughput and peak memory (proportional set size of all processes) of ``score --file``."""
    with tempfile.TemporaryDirectory() as scratch:
        source, out = Path(scratch) / "texts.txt", Path(scratch) / "scores.jsonl"
        source.write_text("\n".join(texts) + "\n", encoding="utf-8")
        command = ["sentiment", "score", "--file", source, "--out", out, "--model", model, "--quiet"]
        begun = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "newsvol", *command, "--workers", str(workers)])
        peak = _watch(process)
        seconds = time.perf_counter() - begun
        with out.open("rb") as file:
            assert sum(1 for _ in file) == len(texts)
    return {
        "model": model,
        "workers": workers,
        "headlines": len(texts),
        "seconds": round(seconds, 1),
        "headlines_per_second": round(len(texts) / seconds),
        "peak_mib": round(peak / 1024),
    }


def _watch(process: "subprocess.Popen[bytes]") -> int:
    peak = 0
    done = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not done.wait(0.5):
            peak = max(peak, sum(map(_proportional_kib, _family(process.pid))))

    watcher = threading.Thread(target=sample)
    watcher.start()
    status = process.wait()
    done.set()
    watcher.join()
    if status:
        sys.exit(f"bulk scoring ended with {status}")
    return peak


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(member for child in children for member in _family(int(child)))]


def _proportional_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def int8_against_fp32(data: Path) -> dict[str, Any]:
    """Return how often INT8 says what FP32 says, on every PhraseBank sentence."""
    texts = read_source(load_training_recipe("student").evaluated, data, 0).text.tolist()
    exact, *rounded = (load_scorer(model, "cpu").probabilities(texts) for model in MODELS)
    said = {model: agreement(probs, exact) for model, probs in zip(MODELS[1:], rounded, strict=True)}
    return {"sentences": len(texts), **said}


def held_out(data: Path) -> dict[str, Any]:
    """Return quality on the test part of the shipped recipe, beside majority and TF-IDF."""
    parts = gather(load_training_recipe("student"), data).parts
    with tempfile.TemporaryDirectory() as scratch:
        files = {}
        for name in ("train", "test"):
            part = getattr(parts, name)
            files[name] = Path(scratch) / f"{name}.csv"
            with files[name].open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["text", "label"])
                writer.writerows((t, LABELS[y]) for t, y in zip(part.text, part.label, strict=True))
        return compare(ComparisonRequest(MODELS, files["test"], "student", files["train"], timed=0))


def main() -> None:
    """Measure, print, and write the results file."""
    asked = parser(__doc__)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--bulk", type=int, default=BULK, help="headlines that are scored in bulk")
    options = asked.parse_args()
    headlines = reuters(options.data)
    drawn = np.sort(np.random.default_rng(0).permutation(len(headlines))[:100])
    texts = [headlines[row] for row in drawn]
    tokenizer = Tokenizer.from_file(str(open_variant("student").checkpoint.tokenizer_file))
    result: dict[str, Any] = {
        "command": f"python benchmarks/sentiment.py --data DIR --out benchmarks/results/{RESULT}",
        "peer": PEER,
        "headlines": len(texts),
        "pieces_per_headline": round(float(np.mean([len(tokenizer.encode(text).ids) for text in texts])), 1),
        "rounds": options.rounds,
        "models": {model: {"model_hash": open_variant(model).model_hash} for model in MODELS},
    }
    for name, cores in (("one_core", 1), ("all_cores", usable_cores())):
        timed = TimingRequest(MODELS, texts, cores, options.rounds, vocabulary=options.data / VOCABULARY)
        result[name] = {"cores": cores, **time_models(timed)}
    many = (headlines * (options.bulk // len(headlines) + 1))[: options.bulk]
    result |= {
        "int8": {"first_use": first_use(), "against_fp32": int8_against_fp32(options.data)},
        "cold_start": {model: cold_start(model) for model in MODELS},
        "bulk": bulk(many, "student-int8", 2),
        "held_out": held_out(options.data),
        "machine": machine(),
        "versions": versions(),
    }
    publish(result, options.out)


if __name__ == "__main__":
    main()
