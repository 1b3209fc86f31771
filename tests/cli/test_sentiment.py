"""``newsvol sentiment``: score, evaluate, benchmark, compare, as a user meets them."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from interruptible import press_ctrl_c, start_interruptible, still_runs, wait_for

from newsvol.models.checkpoint import RANGES, SHIPPED

MODEL = ("--model", "student-int8")
LABELLED = "text,label\n" + "".join(
    f"{text},{label}\n"
    for text, label in (
        ("Operating profit rose to EUR 13.1 mn", "positive"),
        ("Shares tumble as bank reports a big quarterly loss", "negative"),
        ("The annual general meeting will be held on 5 April", "neutral"),
    )
)


def sentiment(*arguments: object, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "newsvol", "sentiment", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def rows(output: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.decode().splitlines()]


def test_texts_are_scored_in_order_the_empty_and_the_odd_too() -> None:
    texts = ["Profit rises 12% on strong demand", "", "😀", "word " * 20_000]
    done = sentiment("score", *texts, *MODEL)
    scored = rows(done.stdout)
    assert [row["text"] for row in scored] == texts
    for row in scored:
        assert row["negative"] + row["neutral"] + row["positive"] == pytest.approx(1, abs=2e-6)
        assert row["score"] == pytest.approx(row["positive"] - row["negative"], abs=2e-6)


def test_a_stream_is_answered_line_by_line() -> None:
    command = [sys.executable, "-m", "newsvol", "sentiment", "score", "-", *MODEL]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text in ("profit rose", "loss widened"):
            process.stdin.write(f"{text}\n".encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == text  # it answers before the next is sent
        process.stdin.close()
        assert process.wait(20) == 0


def test_a_stream_of_mixed_encodings_loses_nothing_and_says_so() -> None:
    done = sentiment("score", "-", *MODEL, stdin="café\n".encode() + b"caf\xe9\n\nlast")
    assert [row["text"] for row in rows(done.stdout)] == ["café", "café", "", "last"]
    assert b"stdin: 1 lines are not UTF-8" in done.stderr


@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_a_file_becomes_a_file(tmp_path: Path, workers: tuple[str, ...]) -> None:
    texts = [f"profit {n} rose" for n in range(30)]
    (tmp_path / "in.csv").write_text("headline\n" + "\n".join(texts) + "\n")
    done = sentiment(
        "score", "--file", tmp_path / "in.csv", "--out", tmp_path / "out.jsonl", *MODEL, *workers
    )
    assert (done.returncode, done.stdout) == (0, b"")
    assert [row["text"] for row in rows((tmp_path / "out.jsonl").read_bytes())] == texts
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in.csv", "out.jsonl"]


@pytest.mark.slow
def test_a_file_scored_on_ray_is_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("".join(f"profit {n} rose\n" for n in range(1100)))
    for name, how in (("here", ()), ("ray", ("--cluster", "local"))):
        options = ("--out", tmp_path / name, *MODEL, "--workers", "2", *how)
        done = sentiment("score", "--file", tmp_path / "in.txt", *options)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "ray").read_bytes() == (tmp_path / "here").read_bytes()


@pytest.mark.parametrize(
    "how", [(), pytest.param(("--cluster", "local"), marks=pytest.mark.slow, id="on Ray")]
)
def test_ctrl_c_leaves_neither_file_nor_process(tmp_path: Path, how: tuple[str, ...]) -> None:
    (tmp_path / "in.txt").write_text("profit rose again\n" * 300_000)
    options = ("--file", tmp_path / "in.txt", "--out", tmp_path / "out.jsonl", "--workers", "2", *MODEL, *how)
    process = start_interruptible("sentiment", "score", *options)
    wait_for(lambda: any(file.stat().st_size for file in tmp_path.glob(".out.jsonl-*")), process)
    assert press_ctrl_c(process) == "newsvol: interrupted; nothing was left half-written"
    assert process.returncode == 130
    assert [file.name for file in tmp_path.iterdir()] == ["in.txt"]
    deadline = time.monotonic() + 60
    while still_runs(process):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give TEXT, - for stdin, or --file FILE"),
        (("a text", "--file", "x.txt"), "one of them"),
        (("-", "a text"), "- reads stdin and stands alone"),
        (("a text", "--workers", "2"), "--column, --workers and --cluster go with --file"),
        (("a text", "--cluster", "local"), "--column, --workers and --cluster go with --file"),
        (("--file", "nowhere.txt"), "cannot read nowhere.txt: No such file or directory"),
        (("--file", "x.xlsx"), "files of texts end in .txt, .csv, .parquet"),
        (("a text", "--model", "student-int9"), "did you mean 'student-int8'"),
        (("a text", "--out", "."), "is a folder; name a file"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: tuple[str, ...], words: str) -> None:
    done = sentiment("score", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.decode().splitlines()) == 1
    assert words in done.stderr.decode()


def test_a_wrong_column_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,body\n1,profit\n")
    done = sentiment("score", "--file", tmp_path / "in.csv", "--out", tmp_path / "out.jsonl")
    assert done.returncode == 2
    assert b"none of text, headline, title; found: id, body; name it with --column" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["in.csv"]


def test_evaluate_measures_calibration_and_agreement(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(LABELLED)
    done = sentiment("evaluate", "--data", tmp_path / "in.csv", *MODEL, "--reference", "student", "--json")
    result = json.loads(done.stdout)
    assert result["accuracy"] == result["macro_f1"] == 1.0
    assert 0 <= result["ece"] < 0.5
    assert result["reference"]["model"] == "student"
    assert (result["reference"]["agreement"], result["reference"]["polarity_flips"]) == (1.0, 0.0)


def test_a_folder_is_calibrated_for_static_int8(tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED["student"], tmp_path / "mine")
    (folder / RANGES).unlink(missing_ok=True)
    (tmp_path / "in.csv").write_text(LABELLED)
    done = sentiment("calibrate", folder, "--data", tmp_path / "in.csv")
    assert f"activations on 3 texts; use {folder}-int8-static" in done.stdout.decode()
    said = sentiment("evaluate", "--data", tmp_path / "in.csv", "--model", f"{folder}-int8-static", "--json")
    assert json.loads(said.stdout)["accuracy"] == 1.0
    refused = sentiment("calibrate", "student", "--data", tmp_path / "in.csv")
    assert refused.returncode == 2
    assert b"student is shipped with its ranges; name a model folder" in refused.stderr


def test_compare_writes_table_figures_and_picture(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(LABELLED)
    out = tmp_path / "compared"
    done = sentiment("compare", "--data", tmp_path / "in.csv", "--no-peer", "--out", out)
    assert done.returncode == 0, done.stderr.decode()
    assert "agrees: with student" in done.stdout.decode()
    assert sorted(file.name for file in out.iterdir()) == ["comparison.csv", "comparison.json", "pareto.html"]
    page = (out / "pareto.html").read_text(encoding="utf-8")
    assert "student-int8" in page
    assert 'src="http' not in page


def test_benchmark_tells_latency_size_and_machine(tmp_path: Path) -> None:
    options = ("--headlines", 4, "--rounds", 1, "--no-peer", "--json", "--out", tmp_path / "out")
    done = sentiment("benchmark", *MODEL, *options)
    result = json.loads(done.stdout)
    assert result == json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert result["one_core"]["cores"] == 1
    for part in ("one_core", "all_cores"):
        assert result[part]["student-int8"]["p50_ms"] > 0
    assert result["models"]["student-int8"]["parameters"] > 1e6
    assert result["machine"]["cores"] >= 1


def test_training_does_not_begin_where_a_folder_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("keep")
    done = sentiment("train", "student", "--data", tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert b"out exists already; name another --out, or remove it" in done.stderr
    assert (tmp_path / "out" / "mine").read_text() == "keep"


def test_a_start_that_is_not_there_is_refused_without_a_download(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nseed: 1\nstart: some-org/some-model\n"
        "evaluated: {file: in.csv, label: label}\nstudent: {layers: [0], hard_weight: 1}\n"
    )
    done = sentiment("train", tmp_path / "mine.yaml", "--data", tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert b"start 'some-org/some-model' is not a folder; name a folder, or allow the hub" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["mine.yaml"]
