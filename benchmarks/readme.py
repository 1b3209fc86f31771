"""Writes the tables of README.md from the committed results files; `--check` only says whether they agree.

python benchmarks/readme.py [--check]
"""

import argparse
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from newsvol.cli.tables import print_metrics
from newsvol.replays.run_metrics import Metrics

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BLOCK = re.compile(r"<!-- results:(\w+) -->\n.*?<!-- end -->", re.DOTALL)
WIDTH = 90


def spy_block() -> str:
    """Return the terminal tables of the real run, and what it took."""
    result = _read("spy")
    console = Console(width=WIDTH, file=io.StringIO(), no_color=True)
    print_metrics(console, Metrics.model_validate(result["metrics"]), result["fill"])
    assert isinstance(console.file, io.StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().strip().splitlines()]
    taken = (
        f"Import {result['import']['wall_s']} s; replay {result['replay']['wall_s']} s and "
        f"{result['replay']['peak_mib']:,} MiB at its peak, report {result['report_bytes'] / 1e6:.1f} MB "
        f"({_machine(result)}; `{result['command']}`)."
    )
    return "\n".join(["```text", *lines, "```", "", taken])


def replay_block() -> str:
    """Return the speed of the engine."""
    result = _read("replay")
    millions = result["bars_per_cpu_second"] / 1e6
    whole, vectorbt = (result["cpu_ms"][name]["median"] for name in ("replay", "vectorbt_alone"))
    return (
        f"One year of minute bars ({result['bars']:,}) with {result['headlines']:,} pre-scored headlines, "
        f"forecast to portfolio value: **{millions:.1f} million bars per CPU second** "
        f"({whole:.1f} ms, of which vectorbt's portfolio takes {vectorbt:.1f} ms; "
        f"{_machine(result)}; `{result['command']}`)."
    )


BLOCKS = {"spy": spy_block, "replay": replay_block}


def render(text: str) -> str:
    """Return the README with every block written anew."""
    return BLOCK.sub(lambda m: f"<!-- results:{m[1]} -->\n{BLOCKS[m[1]]()}\n<!-- end -->", text)


def _machine(result: dict[str, Any]) -> str:
    about = result["machine"]
    return f"{about['cores']} cores of {about['processor']}, {about['memory_gib']} GiB"


def _read(name: str) -> dict[str, Any]:
    content = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def main() -> None:
    """Write README.md, or check it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 where README.md differs")
    options = parser.parse_args()
    readme = ROOT / "README.md"
    before = readme.read_text(encoding="utf-8")
    after = render(before)
    if options.check:
        sys.exit(
            0
            if before == after
            else "README.md differs from the results files; run: python benchmarks/readme.py"
        )
    readme.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
