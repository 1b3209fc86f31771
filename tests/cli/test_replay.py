"""`newsvol replay` and `newsvol audit` with the shipped model, as a user runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from interruptible import press_ctrl_c, start_interruptible, wait_for


def newsvol(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "newsvol", *arguments], capture_output=True, text=True, cwd=cwd, check=False
    )


def test_the_shipped_model_reads_the_embedded_headlines_well_enough_to_beat_har(tmp_path: Path) -> None:
    done = newsvol("replay", "--latency", "zero", "--out", "run", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    metrics = json.loads(done.stdout)
    models = metrics["forecast"]["models"]
    assert metrics["sentiment"]["scored"] == metrics["sentiment"]["headlines"] == 1000
    assert models["fused"]["qlike"] < 0.95 * models["log-har-p"]["qlike"]
    assert (tmp_path / "run" / "report.html").stat().st_size < 4_000_000


@pytest.mark.slow
def test_a_measured_replay_charges_the_model(tmp_path: Path) -> None:
    done = newsvol("replay", "--strategy", "vol_target", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for word in (
        "Forecast accuracy",
        "buy_and_hold",
        "vol_target_naive",
        "Latency in ms (measured)",
        "report.html",
    ):
        assert word in done.stdout
    stages = json.loads((tmp_path / "run" / "metrics.json").read_text())["latency"]["stages"]
    assert stages["headline"]["score"]["p50_ms"] > 0.05


def test_a_recording_of_something_else_is_refused_in_one_line_unless_it_is_forced(tmp_path: Path) -> None:
    options = ("replay", "--strategy", "vol_target")
    assert newsvol(*options, "--latency", "constant:5", "--out", "first", cwd=tmp_path).returncode == 0
    again = (*options, "--latency", "recorded:first", "--seed", "8", "--out", "second")
    refused = newsvol(*again, cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    assert "first is no recording of this replay: seed: 7 recorded, 8 here; " in refused.stderr
    forced = newsvol(*again, "--force", cwd=tmp_path)
    assert forced.returncode == 0, forced.stderr
    assert "FORCED, the recording is of something else: seed: 7 recorded, 8 here" in forced.stdout
    manifest = json.loads((tmp_path / "second" / "manifest.json").read_text())
    assert manifest["recording"]["forced"] == ["seed: 7 recorded, 8 here"]
    assert (
        manifest["model_hash"] == json.loads((tmp_path / "first" / "manifest.json").read_text())["model_hash"]
    )


def test_an_audit_says_what_it_audited(tmp_path: Path) -> None:
    done = newsvol("audit", "--moments", "3", cwd=tmp_path)
    assert done.returncode == 0
    assert "no look-ahead found in 22,929 forecasts and decisions of 2023-01-03 to 2023-12-29" in done.stdout
    assert "with 3 changed futures" in done.stdout
    assert "audited: log-har-p, fused, vol_target" in done.stdout


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    place, cache = tmp_path / "place", tmp_path / "cache"
    place.mkdir()
    started = start_interruptible(
        "replay",
        "--latency",
        "zero",
        "--out",
        "run",
        cwd=place,
        env={**os.environ, "NEWSVOL_CACHE": str(cache)},
    )
    wait_for(lambda: any(cache.rglob("*/*")), started)  # scores are kept: it is half-way through
    assert press_ctrl_c(started) == "newsvol: interrupted; nothing was left half-written"
    assert started.returncode == 130
    assert list(place.iterdir()) == []
