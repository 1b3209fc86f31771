"""The real run: import SPY minutes and headlines, replay with measured latency, in processes of their own.

    python benchmarks/spy.py --data DIR [--out FILE.json] [--keep FOLDER]

DIR is the folder of third-party data, which is not shipped: it must hold ``bars/`` and ``news/``. Records
wall seconds and peak memory of each whole process, and the metrics of the run.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from results_file import parser, publish

from newsvol.engine.provenance import machine, versions

BARS = ("bars/spy_1min_2024-02-20_2025-04-11.parquet",)
NEWS = ("news/polygon_spy.csv", "news/bbc_business.csv", "news/trump_truth.csv")


def run(*arguments: str) -> dict[str, Any]:
    """Run newsvol in a process of its own; return its output, wall seconds and peak memory."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "newsvol", *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"newsvol {' '.join(arguments)} failed")
    return {
        "output": output,
        "wall_s": round(time.perf_counter() - begun, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mib": round(usage.ru_maxrss / 1024),
    }


def main() -> None:
    """Measure, print, and write the results file."""
    asked = parser(__doc__)
    asked.add_argument("--keep", type=Path, help="new folder that keeps tape and run")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = options.keep or Path(scratch)
        tape, folder = str(place / "tape"), str(place / "run")
        bars = [word for file in BARS for word in ("--bars", str(options.data / file))]
        news = [word for file in NEWS for word in ("--news", str(options.data / file))]
        imported = run("tape", "import", *bars, *news, "--out", tape, "--json")
        replayed = run("replay", "--tape", tape, "--latency", "measured", "--out", folder, "--json")
        manifest = json.loads((Path(folder) / "manifest.json").read_text())
        report_bytes = (Path(folder) / "report.html").stat().st_size
    result = {
        "command": "python benchmarks/spy.py --data DIR --out benchmarks/results/spy.json",
        "import": {key: value for key, value in imported.items() if key != "output"},
        "replay": {key: value for key, value in replayed.items() if key != "output"},
        "report_bytes": report_bytes,
        "tape_hash": manifest["tape_hash"],
        "model_hash": manifest["model_hash"],
        "fill": manifest["fill"],
        "metrics": json.loads(replayed["output"]),
        "machine": machine(),
        "versions": versions(),
    }
    publish(result, options.out)


if __name__ == "__main__":
    main()
