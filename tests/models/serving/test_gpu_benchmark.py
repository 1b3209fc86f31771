"""benchmarks/gpu.py runs from end to end without a GPU, and says what it is then: no measurement."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def little_data(tmp_path: Path) -> Path:
    """A data folder of made-up headlines and sentences, and a vocabulary of letters."""
    headlines = "\n".join(f"Jul {n} 2020,Bank {n} says profit rose {n * n}" for n in range(40))
    tones = ("positive", "negative", "neutral")
    sentences = "\n".join(f"profit of bank {n} was {n * n} million@{tones[n % 3]}" for n in range(40))
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    for name, content in (
        ("news/reuters_2018_2020_date_only.csv", headlines),
        ("sentiment/financial_phrasebank/Sentences_50Agree.txt", sentences),
        ("seeds_reference/bert-base-uncased-vocab.txt", "\n".join(pieces)),
    ):
        file = tmp_path / "data" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content + "\n", encoding="utf-8")
    return tmp_path / "data"


def test_what_cannot_be_measured_is_refused_in_one_line_with_code_2(tmp_path: Path) -> None:
    tries = [
        ["--device", "cpu"],
        ["--device", "cpu", "--quick", "--out", str(tmp_path / "gpu.json")],
        ["--out", str(tmp_path / "gpu.json")],
    ]
    code = f"""
import sys
sys.path.insert(0, {str(BENCHMARKS)!r})
import gpu
print([gpu.main(["--data", {str(tmp_path)!r}, *options]) for options in {tries!r}])
"""
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}  # so that this holds on a machine with a GPU too
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=hidden
    )
    assert done.stdout.strip() == str([2] * len(tries))
    said = done.stderr.splitlines()[-len(tries) :]
    assert "on a CPU nothing here is worth timing" in said[0]
    assert "--quick gives no figures for a results file" in said[1]
    assert "torch finds no CUDA device" in said[2]
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_quick_run_goes_through_every_part_on_a_cpu(little_data: Path) -> None:
    command = [sys.executable, BENCHMARKS / "gpu.py", "--data", little_data, "--device", "cpu", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["device"] == "cpu"
    assert "no figures" in result["note"]
    ways = {"student-fp16-graph", "student-fp16-eager", "student-fp32-eager"}
    alone = result["one_headline"]
    assert alone["string_to_label"].keys() == ways | {result["peer"]}
    assert alone["tokenisation_apart"].keys() == ways | {"tokenizer"}
    for row in alone["string_to_label"].values():
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
    assert result["bulk"]["student-fp16-graph"]["headlines_per_second"] > 0
    for way in ("bulk", "one_by_one"):
        assert result["fp16_against_fp32"][way]["within_tolerance"] is True
    learned = result["training"]["student"]
    assert learned.keys() == {"fp32", "bf16"}
    assert abs(learned["bf16"]["mean_loss"] - learned["fp32"]["mean_loss"]) < 0.1
