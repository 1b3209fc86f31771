"""What the audit finds: every planted leak at every seed, what it says of honest recipes, how long it takes.

    python benchmarks/audit.py [--data DIR] [--seeds N] [--leaks-of FILE.json] [--out FILE.json]

The leaks are in ``tests/leaks``: plug-ins by authors who had not seen the audit; those under ``unseen`` were
kept from whoever wrote it until it was frozen. DIR is the folder of third-party data; with it honest recipes
are audited on a year of SPY and on four years of its hours, too, events included. Each audit is
``newsvol audit`` with its defaults, in a process of its own; of the forecasters each has twelve changed
futures.

The leaks take an hour; with --leaks-of they are taken from an earlier results file, and only the honest
recipes are audited.

What is done is written to FILE.json as it goes on. The exit code is 1 where a leak was not found, or an
honest recipe was accused.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from results_file import parser, publish

from newsvol.engine.provenance import machine, versions

LEAKS = Path(__file__).parents[1] / "tests" / "leaks"
SPY = "bars/spy_1min_2024-02-20_2025-04-11.parquet"
NEWS = ("news/polygon_spy.csv", "news/bbc_business.csv", "news/trump_truth.csv")
HOURS = "bars/hourly/lean_spy_hour.zip"


def audit(*arguments: str, plug_ins: Path | None = None) -> dict[str, Any]:
    """Run the command; return its exit code, the parts that it names, and wall seconds."""
    path = [str(plug_ins)] if plug_ins is not None else []
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "newsvol", "audit", "--json", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    wall_s = round(time.perf_counter() - begun, 1)
    if done.returncode not in (0, 1):
        sys.exit(f"newsvol audit {' '.join(arguments)} failed: {done.stderr}")
    return {"exit": done.returncode, "findings": json.loads(done.stdout)["findings"], "wall_s": wall_s}


def leaks(seeds: range, rows: list[dict[str, Any]], write: Callable[[], None]) -> None:
    """Audit every leak with the first seed, then with the next; add what was found to the leak's row."""
    planted = [
        (file.parent, leak)
        for file in sorted(LEAKS.glob("*/leaks.toml"))
        for leak in tomllib.loads(file.read_text())["leak"]
    ]
    rows += [
        {"name": leak["name"], "author": folder.name, "kind": leak["kind"], "what": leak["what"], "runs": []}
        for folder, leak in planted
    ]
    for seed in seeds:
        for (folder, leak), row in zip(planted, rows, strict=True):
            name, kind = leak["name"], leak["kind"]
            chosen = (
                ["--set", f"strategies=[{{name: {name}}}]"]
                if kind == "strategy"
                else ["--set", f"volatility.forecaster={name}", "--set", "strategies=[{name: vol_target}]"]
            )
            seen = audit("--seed", str(seed), *chosen, plug_ins=folder)
            own = [one for one in seen["findings"] if one["part"] == f"{kind} {name}"]
            row["runs"].append(
                {
                    "seed": seed,
                    "found": bool(own),
                    "cause": own[0]["cause"] or own[0]["what"] if own else "",
                    "rows": own[0]["rows"] if own else 0,
                    "of": own[0]["of"] if own else 0,
                    "wall_s": seen["wall_s"],
                }
            )
            print(seed, name, "found" if own else "NOT FOUND", seen["wall_s"], file=sys.stderr)
        write()


def leaks_of(file: Path, rows: list[dict[str, Any]]) -> None:
    """Take what an earlier run found, whose results are in `file`."""
    rows += json.loads(file.read_text(encoding="utf-8"))["leaks"]


def honest(data: Path | None, rows: list[dict[str, Any]], write: Callable[[], None]) -> None:
    """Audit every built-in forecaster and strategy, on three tapes where the data is there."""
    from newsvol.signals.volatility.builtin import FORECASTERS

    forecasters = FORECASTERS.names()
    # a bucket of one bar has no jump
    unfit = ("har-j", "har-cj")
    with tempfile.TemporaryDirectory() as scratch:
        tapes: dict[str, list[str]] = {"embedded": []}
        if data is not None:
            for name, bars, news in (("SPY", SPY, NEWS), ("SPY hours", HOURS, ())):
                tape = str(Path(scratch) / name)
                words = ["--bars", str(data / bars)]
                words += [word for file in news for word in ("--news", str(data / file))]
                command = [sys.executable, "-m", "newsvol", "tape", "import", *words, "--out", tape, "--json"]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                tapes[name] = ["--tape", tape, *(("--to", "2001-12-31") if name == "SPY hours" else ())]
        for tape, words in tapes.items():
            for name in forecasters:
                if tape == "SPY hours" and name in unfit:
                    continue
                short = ["--set", "volatility.min_window=100", "--set", "volatility.window=600"]
                short += ["--moments", "12"]
                seen = audit(*words, *short, "--set", f"volatility.forecaster={name}")
                rows.append({"tape": tape, "forecaster": name, **seen})
                write()
                print(tape, name, seen["exit"], seen["wall_s"], file=sys.stderr)
            shrunk = ["--set", "volatility.forecaster=aggregate", "--set", "volatility.prior=us"]
            seen = audit(*words, *shrunk)
            rows.append({"tape": tape, "forecaster": "aggregate with the shipped prior", **seen})
            print(tape, "aggregate with the shipped prior", seen["exit"], seen["wall_s"], file=sys.stderr)
            rows.append({"tape": tape, "forecaster": "the shipped recipe", **audit(*words)})
            write()
            print(tape, "the shipped recipe", rows[-1]["exit"], rows[-1]["wall_s"], file=sys.stderr)


def main() -> None:
    """Audit, print, and write the results file."""
    asked = parser(__doc__, data=False)
    asked.add_argument("--data", type=Path, help="folder of third-party data")
    asked.add_argument("--seeds", type=int, default=12)
    asked.add_argument("--leaks-of", type=Path, help="results file to take the leaks from")
    options = asked.parse_args()
    planted: list[dict[str, Any]] = []
    sound: list[dict[str, Any]] = []

    def result() -> dict[str, Any]:
        runs = [run for leak in planted for run in leak["runs"]]
        return {
            "command": "python benchmarks/audit.py --data DIR --out benchmarks/results/audit.json",
            "leaks": planted,
            "found": sum(run["found"] for run in runs),
            "of": len(runs),
            "honest": sound,
            "machine": machine(),
            "versions": versions(),
        }

    def write() -> None:
        if options.out is not None:
            options.out.write_text(json.dumps(result(), indent=1) + "\n", encoding="utf-8")

    if options.leaks_of is None:
        leaks(range(1, options.seeds + 1), planted, write)
    else:
        leaks_of(options.leaks_of, planted)
    honest(options.data, sound, write)
    found = result()
    publish(found, options.out)
    sys.exit(found["found"] < found["of"] or any(one["exit"] for one in sound))


if __name__ == "__main__":
    main()
